package stimulus

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// container finds the container of a Deployment that a rollout is about: the one
// that is named, or the only one, or the only one whose image is another tag of
// the new image. Learners may add containers, before the one that is meant, too.
func (r *rollout) container(o *unstructured.Unstructured, containers []any) (int, error) {
	if r.spec.Container != "" {
		i := slices.IndexFunc(containers, func(c any) bool { return nameOf(c) == r.spec.Container })
		if i < 0 {
			return 0, absent(o.GetNamespace(), "container", r.spec.Container+" in deployment "+o.GetName())
		}
		return i, nil
	}
	if len(containers) == 1 {
		return 0, nil
	}
	var fit []int
	for i, c := range containers {
		if r.spec.Image != "" && repository(imageOf(c)) == repository(r.spec.Image) {
			fit = append(fit, i)
		}
	}
	if len(fit) == 1 {
		return fit[0], nil
	}
	return 0, r.unclear(o, containers, len(fit))
}

// unclear is the failure when it cannot be told which container is meant.
func (r *rollout) unclear(o *unstructured.Unstructured, containers []any, fit int) *Failure {
	names := make([]string, len(containers))
	for i, c := range containers {
		names[i] = fmt.Sprintf("%s (%s)", nameOf(c), imageOf(c))
	}
	why := "none of its containers runs"
	if fit > 1 {
		why = "more than one of its containers runs"
	}
	text := fmt.Sprintf("this check updates deployment %s to %s, but %s %s: it has %s",
		o.GetName(), r.spec.Image, why, repository(r.spec.Image), strings.Join(names, ", "))
	if r.spec.Image == "" {
		text = fmt.Sprintf("this check changes the environment of deployment %s's container, but it has several: %s",
			o.GetName(), strings.Join(names, ", "))
	}
	return &Failure{
		Code: UnclearContainer, Message: text, About: about(o.GetNamespace(), "Deployment", o.GetName(), true),
	}
}

// repository is an image's reference without tag and digest.
func repository(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndex(image, ":"); i > strings.LastIndex(image, "/") {
		image = image[:i]
	}
	return image
}

func nameOf(v any) string  { return textOf(v, "name") }
func imageOf(v any) string { return textOf(v, "image") }

func textOf(v any, field string) string {
	m, _ := v.(map[string]any)
	text, _ := m[field].(string)
	return text
}
