package snapshot

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Wants is what a diagnosis asked for that the snapshot does not hold yet. The
// dear things are read only when an explanation turns out to need them.
type Wants struct {
	Logs   []LogRef
	Rights bool
	Kinds  []string
}

// Empty says that nothing is wanted.
func (w Wants) Empty() bool { return len(w.Logs) == 0 && !w.Rights && len(w.Kinds) == 0 }

// TakeWants returns what was asked for since the last call.
func (s *Snapshot) TakeWants() Wants {
	w := s.wants
	s.wants = Wants{}
	return w
}

// Log returns the last lines of a container, "" as long as they are not known.
func (s *Snapshot) Log(ref LogRef) string {
	text, ok := s.Logs[ref]
	if !ok {
		s.wants.Logs = append(s.wants.Logs, ref)
	}
	return text
}

// Access returns who may do what, nil as long as it is not known.
func (s *Snapshot) Access() *Rights {
	s.wants.Rights = s.wants.Rights || s.Rights == nil
	return s.Rights
}

// Kind returns name, namespace and labels of all objects of a kind, in every
// namespace, and false as long as they are not known.
func (s *Snapshot) Kind(kind string) ([]metav1.PartialObjectMetadata, bool) {
	objects, ok := s.Kinds[kind]
	if !ok {
		s.wants.Kinds = append(s.wants.Kinds, kind)
	}
	return objects, ok
}
