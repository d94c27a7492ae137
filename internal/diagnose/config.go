package diagnose

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"labctl.dev/labctl/internal/diagnose/near"
	"labctl.dev/labctl/internal/diagnose/snapshot"
)

// need is a ConfigMap or Secret that a container cannot start without, or one
// key of it.
type need struct {
	kind, name, key string
	by              string // what needs it: `variable GREETING`
}

// environment lists what the container's variables are taken from.
func environment(c *corev1.Container) []need {
	var needs []need
	for _, from := range c.EnvFrom {
		if r := from.ConfigMapRef; r != nil && !is(r.Optional) {
			needs = append(needs, need{kind: "ConfigMap", name: r.Name, by: "envFrom"})
		}
		if r := from.SecretRef; r != nil && !is(r.Optional) {
			needs = append(needs, need{kind: "Secret", name: r.Name, by: "envFrom"})
		}
	}
	for _, env := range c.Env {
		if env.ValueFrom == nil {
			continue
		}
		by := "variable " + env.Name
		if r := env.ValueFrom.ConfigMapKeyRef; r != nil && !is(r.Optional) {
			needs = append(needs, need{"ConfigMap", r.Name, r.Key, by})
		}
		if r := env.ValueFrom.SecretKeyRef; r != nil && !is(r.Optional) {
			needs = append(needs, need{"Secret", r.Name, r.Key, by})
		}
	}
	return needs
}

// volumes lists what the pod's volumes are filled from.
func volumes(p *corev1.Pod) []need {
	var needs []need
	for _, v := range p.Spec.Volumes {
		by := "volume " + v.Name
		if s := v.ConfigMap; s != nil && !is(s.Optional) {
			needs = append(needs, items("ConfigMap", s.Name, by, s.Items)...)
		}
		if s := v.Secret; s != nil && !is(s.Optional) {
			needs = append(needs, items("Secret", s.SecretName, by, s.Items)...)
		}
		if v.Projected == nil {
			continue
		}
		for _, source := range v.Projected.Sources {
			if s := source.ConfigMap; s != nil && !is(s.Optional) {
				needs = append(needs, items("ConfigMap", s.Name, by, s.Items)...)
			}
			if s := source.Secret; s != nil && !is(s.Optional) {
				needs = append(needs, items("Secret", s.Name, by, s.Items)...)
			}
		}
	}
	return needs
}

func items(kind, name, by string, paths []corev1.KeyToPath) []need {
	if len(paths) == 0 {
		return []need{{kind: kind, name: name, by: by}}
	}
	var needs []need
	for _, path := range paths {
		needs = append(needs, need{kind, name, path.Key, by})
	}
	return needs
}

func is(b *bool) bool { return b != nil && *b }

// missing explains which of the needs are not met; each name once.
func (x explainer) missing(who string, needs []need) []Cause {
	var chain []Cause
	told := map[string]bool{}
	for _, n := range needs {
		id := n.kind + "/" + n.name
		holder := snapshot.Named(x.holders(n.kind), n.name)
		if holder != nil {
			id += "/" + n.key
		}
		if told[id] {
			continue
		}
		told[id] = true
		switch {
		case holder == nil:
			chain = append(chain, x.missingHolder(who, n)...)
		case n.key != "" && !holds(holder, n.key):
			chain = append(chain, x.missingKey(who, n, holder)...)
		}
	}
	return chain
}

func (x explainer) holders(kind string) []snapshot.Keyed {
	if kind == "Secret" {
		return x.Secrets
	}
	return x.ConfigMaps
}

func holds(k *snapshot.Keyed, key string) bool {
	_, data := k.Data[key]
	_, binary := k.BinaryData[key]
	return data || binary
}

func (x explainer) missingHolder(who string, n need) []Cause {
	code, other := MissingConfigMap, "Secret"
	if n.kind == "Secret" {
		code, other = MissingSecret, "ConfigMap"
	}
	chain := []Cause{seen(code, "%s cannot start: its %s needs %s %s, which is not in namespace %s.",
		sentence(who), n.by, n.kind, n.name, x.Namespace)}
	if nearest, ok := near.Best(n.name, snapshot.Names(x.holders(n.kind))); ok {
		return append(chain,
			look(code, "There is a %s of nearly that name: %s.", n.kind, nearest),
			fix(code, "Refer to %s, or create %s %s.", nearest, n.kind, n.name))
	}
	if snapshot.Named(x.holders(other), n.name) != nil {
		return append(chain,
			look(code, "There is a %s called %s, but no %s.", other, n.name, n.kind),
			fix(code, "Refer to it as a %s (%s), or create the %s.", other, refField(other), n.kind))
	}
	return append(chain,
		look(code, "See what is there: %s", x.kubectl("get %ss", lower(n.kind))),
		fix(code, "Create it: %s", x.create(n)))
}

func (x explainer) missingKey(who string, n need, holder *snapshot.Keyed) []Cause {
	keys := sorted(holder.Keys())
	chain := []Cause{seen(MissingKey, "%s cannot start: its %s needs the key %s of %s %s, which has no such key.",
		sentence(who), n.by, n.key, n.kind, n.name)}
	if len(keys) == 0 {
		return append(chain, look(MissingKey, "%s %s has no keys at all: %s", n.kind, n.name, x.kubectl("describe %s %s", lower(n.kind), n.name)))
	}
	chain = append(chain, look(MissingKey, "%s %s has: %s.", n.kind, n.name, and(keys)))
	if nearest, ok := near.Best(n.key, keys); ok {
		return append(chain, fix(MissingKey, "Ask for the key %s, or add %s to the %s.", nearest, n.key, n.kind))
	}
	return append(chain, fix(MissingKey, "Add %s to %s %s, or ask for a key that is there.", n.key, n.kind, n.name))
}

func refField(kind string) string {
	if kind == "Secret" {
		return "secretKeyRef, secretRef"
	}
	return "configMapKeyRef, configMapRef"
}

func (x explainer) create(n need) string {
	key := n.key
	if key == "" {
		key = "KEY"
	}
	kind := "configmap"
	if n.kind == "Secret" {
		kind = "secret generic"
	}
	return x.kubectl("create %s %s --from-literal=%s", kind, n.name, fmt.Sprintf("%s=VALUE", key))
}
