"""Traces as NDJSON, one JSON object per line, and back: for other tools, and for captures that volreel did not make.

    {"t":TIME,"stream":"v1/persistentvolumeclaims","type":"ADDED","object":{...}}
    {"t":TIME,"stream":"log/NS/POD/POD_UID/CONTAINER/RESTART","node":"n1","line":"<as the log API sent it>"}
    {"t":TIME,"stream":"v1/persistentvolumeclaims","what":"gap","revision_from":7,"revision_to":9,"detail":"why"}

In *normal form* (what an export writes) keys stand in this order, null ones are left out, `t` is UTC with six decimals,
never falls from line to line, and objects are redacted. A VANISHED line's object has kind, apiVersion and the four
identifying metadata fields; a version in which only a node's heartbeat changed is written as the last full one with its
own resourceVersion. Import accepts more: `t` with up to nine decimals or an offset, `revision` (number or string) in a
`what` line for `revision_to`, keys in any order, keys it does not know, gzip.
"""
