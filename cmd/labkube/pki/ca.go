// Package pki makes the cluster's certificates. Only the authorities and the
// service account key are kept; every other certificate is issued afresh when
// a node starts, so none can expire or carry a stale address.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// lifetime of every certificate: an environment lives days, perhaps months.
const lifetime = 10 * 365 * 24 * time.Hour

// CA is a certificate authority and its files.
type CA struct {
	CertFile, KeyFile string

	cert *x509.Certificate
	key  crypto.Signer
}

// Request says what a certificate is for. Without DNSNames and IPs it is a
// client certificate, else one that serves as well.
type Request struct {
	User     string
	Groups   []string
	DNSNames []string
	IPs      []net.IP
}

// LoadCA reads the authority dir/name.{crt,key}.
func LoadCA(dir, name string) (*CA, error) {
	ca := &CA{CertFile: filepath.Join(dir, name+".crt"), KeyFile: filepath.Join(dir, name+".key")}
	cert, err := readPEM(ca.CertFile)
	if err != nil {
		return nil, err
	}
	if ca.cert, err = x509.ParseCertificate(cert); err != nil {
		return nil, fmt.Errorf("parse %s: %w", ca.CertFile, err)
	}
	key, err := readPEM(ca.KeyFile)
	if err != nil {
		return nil, err
	}
	if ca.key, err = x509.ParseECPrivateKey(key); err != nil {
		return nil, fmt.Errorf("parse %s: %w", ca.KeyFile, err)
	}
	return ca, nil
}

// EnsureCA reads the authority dir/name.{crt,key} and makes it if it is not there.
func EnsureCA(dir, name string) (*CA, error) {
	ca, err := LoadCA(dir, name)
	if !errors.Is(err, fs.ErrNotExist) {
		return ca, err
	}
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	template := newTemplate(pkix.Name{CommonName: "labctl-" + name})
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make authority %s: %w", name, err)
	}
	// The certificate last: a crash in between leaves no half authority.
	if err := writeKey(filepath.Join(dir, name+".key"), key); err != nil {
		return nil, err
	}
	if err := writePEM(filepath.Join(dir, name+".crt"), "CERTIFICATE", der, 0o644); err != nil {
		return nil, err
	}
	return LoadCA(dir, name)
}

// Issue writes a new certificate and key to base.crt and base.key.
func (ca *CA) Issue(base string, r Request) (Pair, error) {
	key, err := newKey()
	if err != nil {
		return Pair{}, err
	}
	template := newTemplate(pkix.Name{CommonName: r.User, Organization: r.Groups})
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if len(r.DNSNames)+len(r.IPs) > 0 {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
		template.DNSNames, template.IPAddresses = r.DNSNames, r.IPs
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, key.Public(), ca.key)
	if err != nil {
		return Pair{}, fmt.Errorf("issue a certificate to %s: %w", r.User, err)
	}
	pair := Pair{CertFile: base + ".crt", KeyFile: base + ".key"}
	if err := os.MkdirAll(filepath.Dir(base), 0o700); err != nil {
		return Pair{}, err
	}
	if err := writeKey(pair.KeyFile, key); err != nil {
		return Pair{}, err
	}
	return pair, writePEM(pair.CertFile, "CERTIFICATE", der, 0o644)
}

func newKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

func newTemplate(subject pkix.Name) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)) // rand.Reader never fails
	// An hour back: clocks of laptops that slept are not exact.
	notBefore := time.Now().Add(-time.Hour)
	return &x509.Certificate{SerialNumber: serial, Subject: subject, NotBefore: notBefore, NotAfter: notBefore.Add(lifetime)}
}

func readPEM(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("%s holds no PEM data; remove it and start the environment again", path)
	}
	return block.Bytes, nil
}
