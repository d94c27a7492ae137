package environment

import "testing"

func TestAnImageHasOneUserAndOneGroup(t *testing.T) {
	for user, want := range map[string]string{"65532": "65532:65532", "1000:1000": "1000:1000", "0:5": "0:5"} {
		if got := userAndGroup(user); got != want {
			t.Errorf("%s becomes %s", user, got)
		}
	}
}
