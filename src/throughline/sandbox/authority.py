"""The estate's own certificate authority: vendors' host names on loopback, for clients that insist on TLS."""

import ipaddress
import os
import re
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_DAYS, LEAF_DAYS, MARGIN_DAYS = 3650, 390, 30
HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


class Authority:
    """Mints a certificate for any host on demand. Its folder keeps what it minted, so a client trusts it once."""

    def __init__(self, folder: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        # Certificates are judged by the machine's clock, so the estate's clock has no say here.
        self._now = now
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._leaves = folder / "leaves"
        self._leaves.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.certificate_path, self._key_path = folder / "ca.pem", folder / "ca.key"
        if not self._usable(self.certificate_path, self._key_path):
            self._found()
        self._certificate = x509.load_pem_x509_certificate(self.certificate_path.read_bytes())
        self._key = _read_key(self._key_path)

    def context(self, default_host: str = "localhost") -> ssl.SSLContext:
        """A server's context: whatever host the client names, it is shown a certificate for that host."""
        context = self._fresh_context(default_host)

        def show(connection: ssl.SSLObject | ssl.SSLSocket, host: str | None, _context: ssl.SSLContext) -> int | None:
            if host:
                try:
                    connection.context = self.context_for(host)
                except ValueError:
                    return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
            return None

        context.sni_callback = show
        return context

    def context_for(self, host: str) -> ssl.SSLContext:
        """The context that shows this host's certificate."""
        host = host.lower()
        if host not in self._contexts:
            self._contexts[host] = self._fresh_context(host)
        return self._contexts[host]

    def _fresh_context(self, host: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        context.load_cert_chain(self._leaf(host))
        return context

    def _leaf(self, host: str) -> Path:
        """One file with key and certificate, minted when there is none that holds."""
        if not HOST.fullmatch(host) or ".." in host:
            raise ValueError(f"{host!r} is not a host name")
        path = self._leaves / f"{host}.pem"
        if self._usable(path, path) and self._issued(path):
            return path
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = self._builder(_name(host), key, LEAF_DAYS)
        leaf = leaf.issuer_name(self._certificate.subject)
        issuer_id = self._certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        for extension, critical in (
            (x509.SubjectAlternativeName(_names(host)), False),
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (_usage(signs_certificates=False), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
            (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_id), False),
        ):
            leaf = leaf.add_extension(extension, critical=critical)
        _write(path, _key_bytes(key) + _certificate_bytes(leaf.sign(self._key, hashes.SHA256())))
        return path

    def _found(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Throughline sandbox authority")
        root = self._builder(name, key, CA_DAYS).issuer_name(name)
        root = root.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        root = root.add_extension(_usage(signs_certificates=True), critical=True)
        _write(self._key_path, _key_bytes(key))
        _write(self.certificate_path, _certificate_bytes(root.sign(key, hashes.SHA256())))

    def _builder(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, days: int) -> x509.CertificateBuilder:
        now = self._now()
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )

    def _usable(self, certificate_path: Path, key_path: Path) -> bool:
        """Whether key and certificate are there, belong together, and hold for a while yet."""
        if not (certificate_path.exists() and key_path.exists()):
            return False
        try:
            certificate = x509.load_pem_x509_certificate(certificate_path.read_bytes())
            key = _read_key(key_path)
        except (ValueError, TypeError):
            return False
        holds = certificate.not_valid_after_utc > self._now() + timedelta(days=MARGIN_DAYS)
        return holds and certificate.public_key() == key.public_key()

    def _issued(self, path: Path) -> bool:
        leaf = x509.load_pem_x509_certificate(path.read_bytes())
        ours = self._certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        theirs = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        return theirs.key_identifier == ours.digest


def _names(host: str) -> list[x509.GeneralName]:
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    if host in ("localhost", "127.0.0.1"):
        return [x509.DNSName("localhost"), loopback]
    return [x509.DNSName(host)]


def _name(common_name: str) -> x509.Name:
    # A common name has room for 64 characters; clients read the alternative names anyway.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    unencrypted = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unencrypted)


def _certificate_bytes(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path} does not hold an elliptic curve key")
    return key


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, and for nobody else to read."""
    draft = path.with_name(f"{path.name}.draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    draft.replace(path)
