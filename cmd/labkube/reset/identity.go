package reset

import (
	"bytes"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// identify returns the baseline with the identities that its objects have now:
// an object that exists keeps the UID it has, one that is gone or on its way out
// gets a fresh one. The garbage collector remembers which UIDs are dead, and
// would delete whatever belongs to one that came back. References between the
// objects follow.
func (s *snapshot) identify(now *snapshot, fresh func() types.UID) (*snapshot, error) {
	var pairs []string
	for key, value := range s.Objects {
		if transient(key) || strings.HasPrefix(key, podKeys) || strings.HasPrefix(key, nodeKeys) {
			continue
		}
		then, err := metadata(value)
		if err != nil {
			return nil, fmt.Errorf("decode %s: %w", key, err)
		}
		if then.DeletionTimestamp != nil { // it was on its way out even then
			continue
		}
		uid, err := identity(now.Objects[key], fresh)
		if err != nil {
			return nil, fmt.Errorf("decode %s: %w", key, err)
		}
		if then.UID != "" && then.UID != uid {
			for _, form := range forms() {
				pairs = append(pairs, form(then.UID), form(uid))
			}
		}
	}
	if len(pairs) == 0 {
		return s, nil
	}
	replacer := strings.NewReplacer(pairs...)
	same := &snapshot{Revision: s.Revision, Objects: make(map[string][]byte, len(s.Objects))}
	for key, value := range s.Objects {
		renamed := []byte(replacer.Replace(string(value)))
		if !bytes.Equal(renamed, value) && strings.HasPrefix(key, secretKeys) {
			var err error
			if renamed, err = withoutToken(renamed); err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
		}
		same.Objects[key] = renamed
	}
	return same, nil
}

// withoutToken takes out of a service account's Secret the token that names the
// account's old UID: it would be refused. The token controller makes another.
func withoutToken(value []byte) ([]byte, error) {
	secret, err := decode(value, new(corev1.Secret))
	if err != nil || secret.Type != corev1.SecretTypeServiceAccountToken || len(secret.Data[corev1.ServiceAccountTokenKey]) == 0 {
		return value, err
	}
	delete(secret.Data, corev1.ServiceAccountTokenKey)
	return encode(secret)
}

// identity is the UID of an object that stays, or a fresh one.
func identity(current []byte, fresh func() types.UID) (types.UID, error) {
	if current == nil {
		return fresh(), nil
	}
	object, err := metadata(current)
	if err != nil {
		return "", err
	}
	if object.DeletionTimestamp != nil || object.UID == "" {
		return fresh(), nil
	}
	return object.UID, nil
}

// forms are how stored objects hold a UID as a value of its own, not as a part
// of a name: in protobuf behind its length, in JSON between quotes. All UIDs are
// of one length, so one can take another's place.
func forms() []func(types.UID) string {
	return []func(types.UID) string{
		func(uid types.UID) string { return protobufString(string(uid)) },
		func(uid types.UID) string { return `"` + string(uid) + `"` },
	}
}
