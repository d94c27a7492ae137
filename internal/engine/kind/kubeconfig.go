package kind

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"labctl.dev/labctl/internal/kube"
)

const (
	admin, learner = "labctl", "learner"
	// contextName is what both kubeconfigs call the cluster, on every engine.
	contextName = "labctl"
	signPoll    = 50 * time.Millisecond
	signTimeout = 20 * time.Second
)

// writeKubeconfigs makes labctl's kubeconfig of kind's, and the learner's, with a
// user of its own, so that the objects' managers and the audit log tell them apart.
func (c *Cluster) writeKubeconfigs(ctx context.Context) error {
	from := filepath.Join(c.spec.Dir, "kind.kubeconfig")
	config, err := clientcmd.LoadFromFile(from)
	if err != nil {
		return fmt.Errorf("read kind's kubeconfig: %w", err)
	}
	current := config.Contexts[config.CurrentContext]
	if current == nil || config.Clusters[current.Cluster] == nil || config.AuthInfos[current.AuthInfo] == nil {
		return errors.New("kind's kubeconfig names no cluster")
	}
	cluster := config.Clusters[current.Cluster]
	if err := c.writeKubeconfig(c.Kubeconfig(), cluster, admin, config.AuthInfos[current.AuthInfo]); err != nil {
		return err
	}
	client, err := kube.FromFile(c.Kubeconfig())
	if err != nil {
		return err
	}
	auth, err := issue(ctx, client.Typed)
	if err != nil {
		return fmt.Errorf("make the learner's certificate: %w", err)
	}
	if err := c.writeKubeconfig(c.LearnerKubeconfig(), cluster, learner, auth); err != nil {
		return err
	}
	return os.Remove(from)
}

func (c *Cluster) writeKubeconfig(path string, cluster *api.Cluster, user string, auth *api.AuthInfo) error {
	config := api.NewConfig()
	config.Clusters[contextName] = cluster
	config.AuthInfos[user] = auth
	config.Contexts[contextName] = &api.Context{Cluster: contextName, AuthInfo: user}
	config.CurrentContext = contextName
	data, err := clientcmd.Write(*config)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return err
	}
	if os.Geteuid() != 0 { // only root has an owner to give it to
		return nil
	}
	return os.Chown(path, c.spec.Owner.UID, c.spec.Owner.GID)
}

// issue has the cluster sign a certificate for the learner, who gets the role
// cluster-admin: the API server signs none for system:masters.
// https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/
func issue(ctx context.Context, client kubernetes.Interface) (*api.AuthInfo, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: learner}}, key)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	certificate, err := sign(ctx, client, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: request}))
	if err != nil {
		return nil, err
	}
	_, err = client.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "labctl:learner"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: learner}},
	}, metav1.CreateOptions{})
	return &api.AuthInfo{
		ClientCertificateData: certificate, ClientKeyData: pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}),
	}, err
}

func sign(ctx context.Context, client kubernetes.Interface, request []byte) ([]byte, error) {
	requests := client.CertificatesV1().CertificateSigningRequests()
	made, err := requests.Create(ctx, &certificatesv1.CertificateSigningRequest{
		ObjectMeta: metav1.ObjectMeta{Name: "labctl-learner"},
		Spec: certificatesv1.CertificateSigningRequestSpec{
			Request: request, SignerName: certificatesv1.KubeAPIServerClientSignerName, Usages: []certificatesv1.KeyUsage{certificatesv1.UsageClientAuth},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	made.Status.Conditions = []certificatesv1.CertificateSigningRequestCondition{{
		Type: certificatesv1.CertificateApproved, Status: corev1.ConditionTrue, Reason: "Labctl", Message: "made by labctl",
	}}
	if _, err := requests.UpdateApproval(ctx, made.Name, made, metav1.UpdateOptions{}); err != nil {
		return nil, err
	}
	err = wait.PollUntilContextTimeout(ctx, signPoll, signTimeout, true, func(ctx context.Context) (bool, error) {
		made, err = requests.Get(ctx, made.Name, metav1.GetOptions{})
		return err == nil && len(made.Status.Certificate) > 0, err
	})
	if err != nil {
		return nil, fmt.Errorf("wait until it is signed: %w", err)
	}
	return made.Status.Certificate, requests.Delete(ctx, made.Name, metav1.DeleteOptions{})
}
