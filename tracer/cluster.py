"""The connection to one API server: configuration, credentials, TLS are the official client's, the bytes are ours."""

from __future__ import annotations

import asyncio
import copy
import logging
import os
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from kubernetes.aio import config
from kubernetes.aio.client.api_client import ApiClient
from kubernetes.aio.client.configuration import Configuration
from kubernetes.aio.config import incluster_config

from tracer.errors import ClusterError, VolreelError

READ_BUFFER = 1 << 17
"""Bytes that a connection may hold unread before TCP pushes back: this times the streams bounds their memory."""
SMALL_READ_BUFFER = 1 << 13
"""The same for logs, of which there are hundreds."""
LOG_HEADER = "Volreel-Log"
"""Names the stream that a request for a log means: its path names a pod, and names are used again.

An API server ignores it. A served trace, where minutes may go by between two requests, then sends no other pod's log.
"""
_CONNECT_S = 10.0
_ANSWER_S = 60.0


class Refused(Exception):
    """The server answered with an HTTP error, or with an ERROR in a watch."""

    def __init__(self, status: int, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message
        self.retry_after_s = retry_after_s


class Lost(Exception):
    """The connection could not be made, or broke. The message says how."""


class Silent(Lost):
    """Nothing was heard for so long that the connection is taken for half open."""


@dataclass
class _Client:
    """The official client with one set of credentials, and how many of our requests it carries."""

    api: Any
    requests: int = 0
    _small: Any = None

    def small(self) -> Any:
        """The same client with small read buffers; made when it is first needed."""
        if self._small is None:
            settings = copy.copy(self.api.configuration)
            settings.client_session_kwargs = {"read_bufsize": SMALL_READ_BUFFER}
            self._small = ApiClient(configuration=settings)
        return self._small

    async def close(self) -> None:
        """Close every connection."""
        await self.api.close()
        if self._small is not None:
            await self._small.close()


class Cluster:
    """An API server that can be read from. `connect` makes one."""

    def __init__(self, kubeconfig: str | None, context: str | None) -> None:
        self._kubeconfig = kubeconfig
        self._context = context
        self._client = _Client(None)
        self._reloading = asyncio.Lock()
        self._generation = 0

    @classmethod
    async def connect(cls, kubeconfig: str | None = None, context: str | None = None) -> Cluster:
        """Load the configuration: the given kubeconfig, else $KUBECONFIG or ~/.kube/config, else a pod's account.

        Makes no request yet. Raises VolreelError when there is no usable configuration, ClusterError when a credential
        plugin fails.
        """
        cluster = cls(kubeconfig, context)
        cluster._client = _Client(await cluster._load())
        return cluster

    @property
    def server(self) -> str:
        """The server's address."""
        return str(self._client.api.configuration.host)

    async def _load(self) -> Any:
        settings = Configuration()
        settings.connection_pool_maxsize = 0  # one connection a stream, however many there are
        settings.client_session_kwargs = {"read_bufsize": READ_BUFFER}
        complaints = _Complaints()
        log = logging.getLogger("kubernetes")
        log.addHandler(complaints)
        log.propagate = False
        try:
            await self._configure(settings)
            api = ApiClient(configuration=settings)
        except Exception as error:  # of many classes: the client's own, YAML's, TLS's, KeyError for a missing key
            raise VolreelError(self._bad_configuration(error)) from error
        finally:
            log.removeHandler(complaints)
        if complaints.messages:  # the client logs a failed credential plugin, and goes on without credentials
            raise ClusterError(
                f"The credentials in {self._source()} cannot be had: {complaints.messages[-1]}. "
                "Try `kubectl get nodes` with the same kubeconfig."
            )
        return api

    async def _configure(self, settings: Any) -> None:
        load_account: Any = config.load_incluster_config
        load_kubeconfig: Any = config.load_kube_config
        if self._kubeconfig is None and not _has_default_kubeconfig() and _in_a_pod():
            load_account(client_configuration=settings)
        else:
            await load_kubeconfig(
                config_file=self._kubeconfig, context=self._context, client_configuration=settings, persist_config=False
            )
            # A token's file often ends with a newline, which no header may hold.
            settings.api_key = {name: key.strip() for name, key in settings.api_key.items()}

    def _bad_configuration(self, error: Exception) -> str:
        source = self._source()
        if not Path(source).expanduser().exists():
            return f"There is no kubeconfig at {source}. Name one with --kubeconfig, or set KUBECONFIG."
        message = " ".join(str(error).split()) or type(error).__name__
        what = f"context {self._context} of {source}" if self._context else source
        return f"{what} cannot be used: {message}. `kubectl config get-contexts` lists what there is."

    def _source(self) -> str:
        return self._kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config"

    async def reload(self, generation: int) -> None:
        """Read the credentials again, running credential plugins again; once for all who saw the same refusal.

        `generation` is the value of `self.generation` when the refused request was made. Raises VolreelError.
        """
        async with self._reloading:
            if generation != self._generation:
                return
            fresh = await self._load()
            self._generation += 1
            self._client, old = _Client(fresh), self._client
            if not old.requests:  # else the last of its requests closes it: a watch that works is not cut
                await old.close()

    @property
    def generation(self) -> int:
        """Counts the reloads of credentials."""
        return self._generation

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> bytes:
        """The body of a GET. Raises Refused, Lost."""
        async with self._request(
            path, query or {}, aiohttp.ClientTimeout(total=_ANSWER_S, sock_connect=_CONNECT_S)
        ) as response:
            try:
                return await response.read()
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise Lost(_how(error)) from error

    async def get_json(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """The decoded body of a GET. Raises Refused, Lost."""
        body = await self.get(path, query)
        try:
            return msgspec.json.decode(body)
        except msgspec.DecodeError as error:
            raise Lost(f"{path} answered with something that is no JSON") from error

    @asynccontextmanager
    async def stream(
        self, path: str, query: Mapping[str, str], silence_s: float, *, log: str | None = None
    ) -> AsyncIterator[Answer]:
        """The body of a GET in pieces as they arrive, without end.

        `log` is the stream of a log that is asked for: there are many, so each gets little memory for what is unread.

        Raises Refused; Lost when the connection breaks or `silence_s` pass without a byte. The iteration ends without
        an exception only when the server ended the answer well, so that all it had to say has arrived.
        """
        limits = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S, sock_read=silence_s)
        async with self._request(path, query, limits, log=log) as response:
            yield Answer(response, silence_s)

    @asynccontextmanager
    async def _request(
        self, path: str, query: Mapping[str, str], limits: aiohttp.ClientTimeout, *, log: str | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        client = self._client
        client.requests += 1
        try:
            headers = {} if log is None else {LOG_HEADER: log}
            response = await self._send(client.small() if log else client.api, path, query, headers, limits)
            try:
                if response.status >= 400:
                    raise await _refusal(response)
                yield response
            finally:
                response.close()
        finally:
            client.requests -= 1
            if client is not self._client and not client.requests:
                await client.close()

    async def _send(
        self, api: Any, path: str, query: Mapping[str, str], headers: dict[str, str], limits: aiohttp.ClientTimeout
    ) -> aiohttp.ClientResponse:
        try:
            request = await api.param_serialize(
                "GET",
                path,
                query_params=list(query.items()),
                header_params={"Accept": "application/json", **headers},
                auth_settings=["BearerToken"],
            )
            answer = await api.call_api(*request, _request_timeout=limits)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, config.ConfigException) as error:
            raise Lost(_how(error)) from error
        response: aiohttp.ClientResponse = answer.response
        return response

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()


class Answer:
    """The body of an answer: its pieces as they arrive, once."""

    def __init__(self, response: aiohttp.ClientResponse, silence_s: float) -> None:
        self._response = response
        self._silence_s = silence_s

    @property
    def dated_s(self) -> float | None:
        """When the host that answered says it did (its Date header), seconds since 1970; None where it does not say."""
        try:
            return parsedate_to_datetime(self._response.headers["Date"]).timestamp()
        except (KeyError, ValueError, OverflowError):
            return None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._response.content.iter_any():
                yield piece
        except TimeoutError as error:
            raise Silent(f"no byte for {self._silence_s:.0f} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Lost(_how(error)) from error


async def _refusal(response: aiohttp.ClientResponse) -> Refused:
    try:
        body = await response.content.read(1 << 16)
    except (aiohttp.ClientError, TimeoutError, OSError):
        body = b""
    try:
        message = str(msgspec.json.decode(body)["message"])
    except (msgspec.DecodeError, KeyError, TypeError):
        message = body[:200].decode("utf-8", "replace").strip() or str(response.reason)
    try:
        retry_after: float | None = float(response.headers.get("Retry-After", ""))
    except ValueError:
        retry_after = None
    is_sane = retry_after is not None and 0 <= retry_after < 1e9  # neither nan nor inf
    return Refused(response.status, " ".join(message.split()), retry_after if is_sane else None)


def _how(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLError):
        return f"the server's certificate is not trusted ({error})"
    if isinstance(error, aiohttp.ClientConnectorError):
        cause = error.os_error
        words = os.strerror(cause.errno) if cause.errno and cause.errno > 0 else cause.strerror
        return f"{error.host}: {(words or str(cause)).lower()}"
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError | ConnectionResetError):
        return "the connection was reset"
    return " ".join(str(error).split()) or type(error).__name__


def _in_a_pod() -> bool:
    return Path(incluster_config.SERVICE_TOKEN_FILENAME).exists()


def _has_default_kubeconfig() -> bool:
    source = os.environ.get("KUBECONFIG") or "~/.kube/config"
    return any(Path(each).expanduser().exists() for each in source.split(os.pathsep) if each)


class _Complaints(logging.Handler):
    """What the client's configuration loader logs instead of raising."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(" ".join(record.getMessage().split()))
