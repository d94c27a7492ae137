package container

import "testing"

func TestAnImageWithoutAHistoryHasAnEmptyOne(t *testing.T) {
	for want, list := range map[string][]string{"[]": nil, `["COPY"]`: {"COPY"}} {
		if got, err := listed(list); err != nil || string(got) != want {
			t.Errorf("got %s, %v; want %s", got, err, want)
		}
	}
}
