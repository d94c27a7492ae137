package pki

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
)

func newCA(t *testing.T) (*CA, string) {
	t.Helper()
	dir := t.TempDir()
	ca, err := EnsureCA(dir, "ca")
	if err != nil {
		t.Fatal(err)
	}
	return ca, dir
}

func TestEnsureCAKeepsTheAuthority(t *testing.T) {
	ca, dir := newCA(t)
	again, err := EnsureCA(dir, "ca")
	if err != nil {
		t.Fatal(err)
	}
	if !again.cert.Equal(ca.cert) {
		t.Error("a second EnsureCA made another authority")
	}
	if info, err := os.Stat(ca.KeyFile); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, mode %v", err, info.Mode())
	}
}

func TestEnsureCARefusesRubbish(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ca.crt"), []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := EnsureCA(dir, "ca"); err == nil {
		t.Error("an unreadable authority was accepted, or worse, replaced")
	}
}

func TestIssue(t *testing.T) {
	ca, dir := newCA(t)
	pair, err := ca.Issue(filepath.Join(dir, "sub", "server"), Request{
		User: "alice", Groups: []string{"admins"}, DNSNames: []string{"localhost"}, IPs: []net.IP{net.IPv4(127, 0, 0, 1)},
	})
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := tls.LoadX509KeyPair(pair.CertFile, pair.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	for _, name := range []string{"localhost", "127.0.0.1"} {
		if _, err := loaded.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name}); err != nil {
			t.Errorf("not valid for %s: %v", name, err)
		}
	}
	if s := loaded.Leaf.Subject; s.CommonName != "alice" || len(s.Organization) != 1 || s.Organization[0] != "admins" {
		t.Errorf("issued to %v", s)
	}
}

func TestClientCertificateDoesNotServe(t *testing.T) {
	ca, dir := newCA(t)
	pair, err := ca.Issue(filepath.Join(dir, "client"), Request{User: "bob"})
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := tls.LoadX509KeyPair(pair.CertFile, pair.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	_, err = loaded.Leaf.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	if err == nil {
		t.Error("a client certificate may serve")
	}
}

func TestWriteKubeconfig(t *testing.T) {
	ca, dir := newCA(t)
	path := filepath.Join(dir, "kubeconfig")
	if err := ca.WriteKubeconfig(path, "https://127.0.0.1:1", Request{User: "learner", Groups: []string{"g"}}); err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	if config.Host != "https://127.0.0.1:1" || len(config.CAData) == 0 || len(config.CertData) == 0 || len(config.KeyData) == 0 {
		t.Errorf("kubeconfig is not complete: host %s", config.Host)
	}
}

func TestEnsureKeyPair(t *testing.T) {
	dir := t.TempDir()
	private, public, err := EnsureKeyPair(dir, "sa")
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(private)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := EnsureKeyPair(dir, "sa"); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(private)
	if err != nil || string(before) != string(after) {
		t.Errorf("the key changed: %v", err)
	}
	if _, err := os.Stat(public); err != nil {
		t.Error(err)
	}
}
