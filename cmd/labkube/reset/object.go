package reset

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// protobufMagic begins every stored object of a built-in kind; custom resources
// are stored as JSON.
const protobufMagic = "k8s\x00"

// metadata decodes an object's metadata, whatever its kind: in every kind's
// protobuf it is field 1, and the decoder skips fields it does not know.
func metadata(value []byte) (*metav1.PartialObjectMetadata, error) {
	object := new(metav1.PartialObjectMetadata)
	if !bytes.HasPrefix(value, []byte(protobufMagic)) {
		return object, json.Unmarshal(value, object)
	}
	var envelope runtime.Unknown
	if err := envelope.Unmarshal(value[len(protobufMagic):]); err != nil {
		return nil, err
	}
	return object, object.Unmarshal(envelope.Raw)
}

// decode decodes a stored object of a built-in kind.
func decode[T runtime.Object](value []byte, into T) (T, error) {
	_, _, err := scheme.Codecs.UniversalDeserializer().Decode(value, nil, into)
	if err != nil {
		return into, fmt.Errorf("decode a stored object: %w", err)
	}
	return into, nil
}

// encode encodes an object of core/v1 the way the API server stores it.
func encode(object runtime.Object) ([]byte, error) {
	return encodeAs(corev1.SchemeGroupVersion, object)
}

func encodeAs(version schema.GroupVersion, object runtime.Object) ([]byte, error) {
	info, ok := runtime.SerializerInfoForMediaType(scheme.Codecs.SupportedMediaTypes(), runtime.ContentTypeProtobuf)
	if !ok {
		return nil, errors.New("this program cannot write protobuf")
	}
	return runtime.Encode(scheme.Codecs.EncoderForVersion(info.Serializer, version), object)
}

// Keys of the kinds that are treated in ways of their own.
const (
	podKeys       = registry + "pods/"
	nodeKeys      = registry + "minions/"
	secretKeys    = registry + "secrets/"
	namespaceKeys = registry + "namespaces/"
	crdKeys       = registry + "apiextensions.k8s.io/customresourcedefinitions/"
	endpointKeys  = registry + "services/endpoints/"
	sliceKeys     = registry + "endpointslices/"
	leaseKeys     = registry + "masterleases/" // by address, one of each API server that runs
	apiService    = "/default/kubernetes"      // ends the keys of the API server's Service and endpoints
)

// transient says that an object belongs to the moment, not to the state: nobody
// wants yesterday's lease back. Tokens by which nodes join a cluster end after a day;
// put back then, they would be removed at once, again and again.
func transient(key string) bool {
	for _, prefix := range []string{"events/", "leases/", "masterleases/", "peerserverleases/", "csinodes/", "secrets/kube-system/bootstrap-token-"} {
		if strings.HasPrefix(key, registry+prefix) {
			return true
		}
	}
	return false
}

// managed says that a controller keeps the object in step with others, and will
// do so after these have been put back.
func managed(key string, object *metav1.PartialObjectMetadata) bool {
	if !strings.HasPrefix(key, endpointKeys) && !strings.HasPrefix(key, sliceKeys) {
		return false
	}
	for _, label := range []string{"endpoints.kubernetes.io/managed-by", "endpointslice.kubernetes.io/managed-by"} {
		// Controllers of Kubernetes; ours signs as labctl.dev and never comes back.
		if strings.HasSuffix(object.Labels[label], "-controller") || strings.HasSuffix(object.Labels[label], "k8s.io") {
			return true
		}
	}
	return false
}

// moved says that an object tells where the API server was, which is elsewhere now:
// a node that is started again may get another address. The API server writes the
// new one, and looks after it.
func moved(key string, old []byte, now *snapshot) bool {
	if !strings.HasPrefix(key, endpointKeys) && !strings.HasPrefix(key, sliceKeys) || !strings.HasSuffix(key, apiService) {
		return false
	}
	known := false
	for lease := range now.Objects {
		address, is := strings.CutPrefix(lease, leaseKeys)
		if is && bytes.Contains(old, []byte(protobufString(address))) {
			return false
		}
		known = known || is
	}
	return known && old != nil
}

// protobufString is how a stored object holds a short string, as a value of its own.
func protobufString(s string) string { return string(rune(len(s))) + s }
