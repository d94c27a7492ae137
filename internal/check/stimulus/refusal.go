package stimulus

import (
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"labctl.dev/labctl/internal/check/undo"
)

// orDenied turns the no of a quota, a policy or a webhook into the learner's
// failure: the checker may do everything, so it is what the learner set up that
// refuses. A webhook that denies chooses the status, and one that cannot be
// reached looks like an error of the server.
func orDenied(err error, ref undo.Ref) error {
	if apierrors.IsForbidden(err) || err != nil && strings.Contains(err.Error(), "webhook") {
		return refused(err, ref)
	}
	return err
}

// orUnchangeable does so for a change to an object that is there already: that
// the outcome is invalid, too, is then up to what is there, such as an immutable
// field. A new object that is invalid is the lab's mistake.
func orUnchangeable(err error, ref undo.Ref) error {
	if apierrors.IsInvalid(err) {
		return refused(err, ref)
	}
	return orDenied(err, ref)
}

func refused(err error, ref undo.Ref) *Failure {
	return &Failure{
		Code: Refused, Message: fmt.Sprintf("the API refuses what this check does to %s: %v", ref, err), Refusal: err,
		About: about(ref.Namespace, ref.Kind, ref.Name, true),
	}
}
