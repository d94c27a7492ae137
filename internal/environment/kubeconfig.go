package environment

import (
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"

	"labctl.dev/labctl/internal/engine"
)

// writeKubeconfigs puts both kubeconfigs of the cluster into the state directory,
// the learner's pointing at the lab's namespace.
func (e *Environment) writeKubeconfigs(c engine.Cluster, namespace string) error {
	for from, to := range map[string]string{
		c.Kubeconfig():        e.AdminKubeconfig(),
		c.LearnerKubeconfig(): e.Kubeconfig(),
	} {
		config, err := clientcmd.LoadFromFile(from)
		if err != nil {
			return fmt.Errorf("read the engine's kubeconfig: %w", err)
		}
		for _, context := range config.Contexts {
			context.Namespace = namespace
		}
		data, err := clientcmd.Write(*config)
		if err != nil {
			return err
		}
		if err := e.Home.Write(to, data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// ownLedger makes the files of ledger and checks, so that checks, which need no root, can
// write into a journal that root began.
func (e *Environment) ownLedger() error {
	for _, name := range []string{"ledger.jsonl", "ledger.jsonl.lock", checkLock} {
		path := filepath.Join(e.Dir(), name)
		f, err := os.OpenFile(path, os.O_CREATE, 0o600)
		if err != nil {
			return e.Home.unusable(err)
		}
		if err := f.Close(); err != nil {
			return err
		}
		if err := e.Home.Own(path); err != nil {
			return err
		}
	}
	return nil
}
