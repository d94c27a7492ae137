package snapshot

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func TestEvents(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 5, 4, 12, minute, 0, 0, time.UTC) }
	of := func(uid types.UID, reason string, e corev1.Event) corev1.Event {
		e.InvolvedObject = corev1.ObjectReference{Kind: "Pod", Name: "a", UID: uid}
		e.Reason = reason
		return e
	}
	s := &Snapshot{Events: []corev1.Event{
		of("", "Old", corev1.Event{LastTimestamp: metav1.NewTime(at(1)), Count: 7}),
		of("mine", "Series", corev1.Event{EventTime: metav1.NewMicroTime(at(0)), Series: &corev1.EventSeries{Count: 3, LastObservedTime: metav1.NewMicroTime(at(5))}}),
		of("", "New", corev1.Event{EventTime: metav1.NewMicroTime(at(3))}),
		of("other", "Stranger", corev1.Event{EventTime: metav1.NewMicroTime(at(9))}),
	}}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "a", UID: "mine"}}
	about := s.EventsAbout("Pod", pod)
	if len(about) != 3 || len(s.EventsOf("Pod", "a")) != 4 || s.EventsOf("Pod", "b") != nil {
		t.Errorf("events about the pod: %d", len(about))
	}
	latest := Latest(about, func(*corev1.Event) bool { return true })
	if latest == nil || latest.Reason != "Series" {
		t.Errorf("latest %+v", latest)
	}
	if Latest(about, func(*corev1.Event) bool { return false }) != nil {
		t.Error("an event that is not kept is the latest")
	}
}
