"""A program that looks for OSC programs, by libraries that nobody here wrote: zeroconf's browser, python-oscquery's client.

``find TYPE`` waits until something of that type is announced, and writes its name, address and port; ``gone NAME`` waits until
it is withdrawn; ``read`` asks all that was found by OSCQuery, and writes for each its name, OSC port and tempo.
"""

import queue
import sys

from pythonoscquery.osc_query_client import OSCQueryClient
from zeroconf import ServiceBrowser, ServiceInfo, ServiceListener, Zeroconf

TYPES = ["_osc._udp.local.", "_oscjson._tcp.local."]


class Ear(ServiceListener):
    """Keeps what comes and goes."""

    def __init__(self) -> None:
        self.there: queue.Queue[ServiceInfo] = queue.Queue()
        self.left: queue.Queue[str] = queue.Queue()

    def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        """Take note of a service."""
        info = zc.get_service_info(type_, name)
        if info is not None:
            self.there.put(info)

    def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        """Take note of nothing: what is told anew was there."""

    def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:  # noqa: ARG002 - zeroconf names them
        """Take note that a service is gone."""
        self.left.put(name)


def tell(*words: object) -> None:
    """Write a line."""
    sys.stdout.write(" ".join(str(word) for word in words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    ear, found = Ear(), dict[str, ServiceInfo]()
    with Zeroconf(interfaces=["127.0.0.1"]) as network:
        ServiceBrowser(network, TYPES, ear)
        for line in sys.stdin:
            verb, *rest = line.split()
            if verb == "find":
                while rest[0] not in found:
                    info = ear.there.get()
                    found[info.type] = info
                info = found[rest[0]]
                tell(info.name, *info.parsed_addresses(), info.port)
            elif verb == "read":
                client = OSCQueryClient(found["_oscjson._tcp.local."])
                host, node = client.get_host_info(), client.query_node("/bridge/tempo")
                assert host is not None
                assert node is not None
                tell(host.name, host.osc_ip, host.osc_port, *node.value)
            else:
                while ear.left.get() != rest[0]:
                    pass
                tell("gone")
