package diagnose

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"labctl.dev/labctl/internal/diagnose/near"
)

// notPulled explains an image that the node cannot get.
func (x explainer) notPulled(c container, message string) []Cause {
	chain := []Cause{seen(ImagePull, "The node cannot get image %s of %s: %s.", c.spec.Image, c, pullError(message))}
	wanted := reference(c.spec.Image)
	present := x.images(c.pod.Spec.NodeName)
	if slices.Contains(present, wanted) {
		return append(chain,
			look(ImagePull, "The image is on the node already, but imagePullPolicy %s asks its registry anew at each start.", policy(c)),
			fix(ImagePull, "Set imagePullPolicy: IfNotPresent."))
	}
	repository, tag := split(wanted)
	if tags := tagsOf(repository, present); len(tags) > 0 {
		chain = append(chain, look(ImagePull, "The node has %s, but no tag %s of it: only %s.", familiar(repository), tag, and(tags)))
		best := tags[len(tags)-1]
		if nearest, ok := near.Best(tag, tags); ok {
			best = nearest
		}
		return append(chain, x.setImage(c, repository+":"+best))
	}
	if nearest, ok := nearImage(wanted, present); ok {
		return append(chain,
			look(ImagePull, "Is the name spelt right? The node has an image of nearly that name: %s.", familiar(nearest)),
			x.setImage(c, nearest))
	}
	return append(chain, look(ImagePull, "Check registry, name and tag letter by letter: %s", x.kubectl("describe pod %s", c.pod.Name)))
}

func (x explainer) setImage(c container, image string) Cause {
	kind, name := x.workloadOf(c.pod)
	return fix(ImagePull, "%s", x.kubectl("set image %s/%s %s=%s", strings.ToLower(kind), name, c.spec.Name, familiar(image)))
}

func policy(c container) corev1.PullPolicy {
	if c.spec.ImagePullPolicy == "" {
		return corev1.PullIfNotPresent
	}
	return c.spec.ImagePullPolicy
}

// pullError says in a few words why a pull failed.
func pullError(message string) string {
	for _, known := range []struct{ sign, words string }{
		{"not present with pull policy of Never", "it is not there, and imagePullPolicy Never forbids pulling it"},
		{"no such host", "its registry's name is not known here"},
		{"server misbehaving", "its registry's name is not known here"},
		{"toomanyrequests", "its registry refuses more pulls for now"},
		{"pull access denied", "its registry does not know it, or wants a login"},
		{"authorization failed", "its registry does not know it, or wants a login"},
		{"unauthorized", "its registry does not know it, or wants a login"},
		{"403 Forbidden", "its registry refuses to give it out"},
		{"not found", "its registry does not have it"},
		{"connection refused", "its registry does not answer"},
		{"timeout", "its registry does not answer"},
		{"unreachable", "its registry cannot be reached"},
	} {
		if strings.Contains(message, known.sign) {
			return known.words
		}
	}
	if message == "" || strings.HasPrefix(message, "Back-off") {
		return "it is not on the node and cannot be pulled"
	}
	return trimDetail(message)
}

// images returns the references of all images on a node, without digests. An
// empty name means every node.
func (x explainer) images(node string) []string {
	var names []string
	for i := range x.Nodes {
		if node != "" && x.Nodes[i].Name != node {
			continue
		}
		for _, image := range x.Nodes[i].Status.Images {
			for _, name := range image.Names {
				if !strings.Contains(name, "@") {
					names = append(names, reference(name))
				}
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// reference writes a reference in full: web is docker.io/library/web:latest.
func reference(image string) string {
	if first, _, ok := strings.Cut(image, "/"); !ok {
		image = "docker.io/library/" + image
	} else if !strings.ContainsAny(first, ".:") && first != "localhost" {
		image = "docker.io/" + image
	}
	if _, tag := split(image); tag == "" && !strings.Contains(image, "@") {
		image += ":latest"
	}
	return image
}

// familiar is the short way to write a reference of Docker Hub's.
func familiar(image string) string {
	return strings.TrimPrefix(strings.TrimPrefix(image, "docker.io/library/"), "docker.io/")
}

func split(image string) (repository, tag string) {
	if i := strings.LastIndex(image, ":"); i > strings.LastIndex(image, "/") {
		return image[:i], image[i+1:]
	}
	return image, ""
}

func tagsOf(repository string, images []string) []string {
	var tags []string
	for _, image := range images {
		if r, tag := split(image); r == repository {
			tags = append(tags, tag)
		}
	}
	return tags
}

// nearImage finds the image that was probably meant: of nearly that name, or of
// that very name at another registry.
func nearImage(wanted string, images []string) (string, bool) {
	if best, ok := near.Best(wanted, images); ok {
		return best, true
	}
	last := func(image string) string {
		repository, _ := split(image)
		return repository[strings.LastIndex(repository, "/")+1:]
	}
	for _, image := range images {
		if last(image) == last(wanted) {
			return image, true
		}
	}
	var bases []string
	for _, image := range images {
		bases = append(bases, last(image))
	}
	if best, ok := near.Best(last(wanted), bases); ok {
		return images[slices.Index(bases, best)], true
	}
	return "", false
}
