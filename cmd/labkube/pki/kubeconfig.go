package pki

import (
	"fmt"
	"os"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"labctl.dev/labctl/cmd/labkube/files"
)

// WriteKubeconfig issues a client certificate and writes a kubeconfig that
// carries it, complete in one file, so that it can be copied anywhere.
func (ca *CA) WriteKubeconfig(path, server string, r Request) error {
	dir, err := os.MkdirTemp("", "labkube-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	pair, err := ca.Issue(dir+"/client", r)
	if err != nil {
		return err
	}
	const cluster = "lab"
	config := api.NewConfig()
	config.Clusters[cluster] = &api.Cluster{Server: server, CertificateAuthority: ca.CertFile}
	config.AuthInfos[r.User] = &api.AuthInfo{ClientCertificate: pair.CertFile, ClientKey: pair.KeyFile}
	config.Contexts[cluster] = &api.Context{Cluster: cluster, AuthInfo: r.User}
	config.CurrentContext = cluster
	if err := api.FlattenConfig(config); err != nil {
		return fmt.Errorf("embed certificates in %s: %w", path, err)
	}
	data, err := clientcmd.Write(*config)
	if err != nil {
		return fmt.Errorf("encode %s: %w", path, err)
	}
	return files.Replace(path, data, 0o600)
}
