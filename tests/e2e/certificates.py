"""Certificates for one run: an authority, a server, and clients with a name."""

import datetime
import ssl
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Authority:
    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        # A folder of its own: two authorities of one run must not write over each other's files.
        self._folder = Path(tempfile.mkdtemp(dir=folder))
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = named("authority of a test")
        self.file = self._write("authority", self._sign(self._name, self._key, [], authority=True), self._key)[0]

    def issue(self, name: str, *names) -> tuple:
        """The files of a certificate with these alternative names, and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        return self._write(name, self._sign(named(name), key, names), key)

    def forge(self, name: str, *names) -> tuple:
        """The same, signed by an authority that nobody knows."""
        return Authority(self._folder.parent).issue(name, *names)

    def client(self, certificate=None) -> ssl.SSLContext:
        """For a caller that trusts this authority, and shows a certificate if it has one."""
        context = ssl.create_default_context(cafile=self.file)
        context.check_hostname = False
        if certificate:
            context.load_cert_chain(*certificate)
        return context

    def _sign(self, subject, key, names, authority=False):
        now = datetime.datetime.now(datetime.timezone.utc)
        day = datetime.timedelta(days=1)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - day)
            .not_valid_after(now + day)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(list(names)), critical=False)
        return builder.sign(self._key, hashes.SHA256())

    def _write(self, name: str, certificate, key) -> tuple:
        files = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        plain = serialization.NoEncryption()
        files[1].write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        )
        return files


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def dns(name: str):
    return x509.DNSName(name)


def uri(name: str):
    return x509.UniformResourceIdentifier(name)
