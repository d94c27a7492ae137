package diagnose

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"

	"labctl.dev/labctl/internal/diagnose/near"
	"labctl.dev/labctl/internal/diagnose/snapshot"
)

// claims explains the first of the pod's claims that is missing or has no
// volume.
func (x explainer) claims(p *corev1.Pod) []Cause {
	for _, v := range p.Spec.Volumes {
		if v.PersistentVolumeClaim == nil {
			continue
		}
		name := v.PersistentVolumeClaim.ClaimName
		claim := snapshot.Named(x.Claims, name)
		if claim == nil {
			return x.missingClaim(p, v.Name, name)
		}
		if chain := x.claimOf(claim, true); chain != nil {
			return chain
		}
	}
	return nil
}

func (x explainer) missingClaim(p *corev1.Pod, volume, name string) []Cause {
	chain := []Cause{seen(MissingClaim, "Volume %s of pod %s needs PersistentVolumeClaim %s, which is not in namespace %s.",
		volume, p.Name, name, x.Namespace)}
	if nearest, ok := near.Best(name, snapshot.Names(x.Claims)); ok {
		return append(chain, look(MissingClaim, "There is a claim of nearly that name: %s.", nearest))
	}
	return append(chain, look(MissingClaim, "See what is there: %s", x.kubectl("get pvc")))
}

// claim explains why a claim has no volume.
func (x explainer) claim(c *corev1.PersistentVolumeClaim) []Cause {
	used := len(x.Pods(func(p *corev1.Pod) bool { return uses(p, c.Name) })) > 0
	return x.claimOf(c, used)
}

func uses(p *corev1.Pod, claim string) bool {
	for _, v := range p.Spec.Volumes {
		if v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName == claim {
			return true
		}
	}
	return false
}

// claimOf explains a claim that a pod uses, or none.
func (x explainer) claimOf(c *corev1.PersistentVolumeClaim, used bool) []Cause {
	if c.Status.Phase == corev1.ClaimBound {
		return nil
	}
	chain := []Cause{
		seen(PVCPending, "PersistentVolumeClaim %s has no volume yet: it is %s.", c.Name, lower(string(c.Status.Phase))),
		look(PVCPending, "See why: %s", x.kubectl("describe pvc %s", c.Name)),
	}
	class, rest := x.class(c)
	if class == nil {
		return append(chain, rest...)
	}
	if waits := class.VolumeBindingMode; waits != nil && *waits == storagev1.VolumeBindingWaitForFirstConsumer && !used {
		return append(chain, look(PVCPending, "Its storage class %s makes a volume only once a pod uses the claim, and none does.", class.Name))
	}
	failed := snapshot.Latest(x.EventsAbout("PersistentVolumeClaim", c), func(e *corev1.Event) bool { return e.Reason == "ProvisioningFailed" })
	if failed != nil {
		return append(chain, look(PVCPending, "Making a volume failed: %s", trimDetail(failed.Message)))
	}
	if x.Age(c.CreationTimestamp.Time) < settling {
		return nil
	}
	return chain
}

// class returns the storage class of the claim, or why there is none.
func (x explainer) class(c *corev1.PersistentVolumeClaim) (*storagev1.StorageClass, []Cause) {
	if c.Spec.StorageClassName == nil {
		for i := range x.StorageClasses {
			if x.StorageClasses[i].Annotations["storageclass.kubernetes.io/is-default-class"] == "true" {
				return &x.StorageClasses[i], nil
			}
		}
		return nil, []Cause{seen(MissingStorageClass, "It names no storage class, and the cluster has no default one.")}
	}
	name := *c.Spec.StorageClassName
	if name == "" {
		return nil, []Cause{look(PVCPending, `Its storage class is "": it waits for a volume made by hand that fits.`)}
	}
	if class := snapshot.Named(x.StorageClasses, name); class != nil {
		return class, nil
	}
	names := snapshot.Names(x.StorageClasses)
	chain := []Cause{seen(MissingStorageClass, "Its storage class %s does not exist.", name)}
	if len(names) == 0 {
		return nil, chain
	}
	chain = append(chain, look(MissingStorageClass, "There is: %s.", and(names)))
	if nearest, ok := near.Best(name, names); ok || len(names) == 1 {
		if !ok {
			nearest = names[0]
		}
		chain = append(chain, fix(MissingStorageClass, "Make the claim anew with storageClassName: %s; it cannot be changed later.", nearest))
	}
	return nil, chain
}

// mountWarning tells what the kubelet says of a pod that does not get its
// volumes or its sandbox.
func (x explainer) mountWarning(p *corev1.Pod) []Cause {
	latest := snapshot.Latest(x.EventsAbout("Pod", p), func(e *corev1.Event) bool {
		return strings.HasPrefix(e.Reason, "Failed") && e.Type == corev1.EventTypeWarning
	})
	if latest == nil {
		return nil
	}
	switch latest.Reason {
	case "FailedMount", "FailedAttachVolume", "FailedMapVolume":
		return []Cause{
			seen(MountFailed, "Pod %s does not get its volumes: %s", p.Name, trimDetail(latest.Message)),
			look(MountFailed, "See its events: %s", x.kubectl("describe pod %s", p.Name)),
		}
	case "FailedCreatePodSandBox":
		return []Cause{seen(ContainerCreateError, "The node cannot prepare pod %s: %s", p.Name, trimDetail(latest.Message))}
	}
	return nil
}
