package stimulus

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"labctl.dev/labctl/internal/lab"
)

func TestACopyOfAProjectKeepsOutOfItsWay(t *testing.T) {
	var project map[string]any
	err := json.Unmarshal([]byte(`{
		"name": "shop",
		"networks": {"back": {"name": "shop-back", "internal": true, "ipam": {"config": [{"subnet": "10.9.0.0/24"}]}}, "none": null},
		"volumes": {"data": {"name": "shop_data"}, "outside": {"name": "outside", "external": true}},
		"services": {
			"web": {"image": "web", "container_name": "web", "ports": [{"target": 8080, "published": "9000"}], "networks": {"back": null}},
			"store": {"image": "store", "environment": {"A": "1", "STARTUP_DELAY": "1s"}, "networks": {"back": {"aliases": ["db"], "ipv4_address": "10.9.0.5"}}}
		}}`), &project)
	if err != nil {
		t.Fatal(err)
	}
	asCopy(project, lab.DockerRehearsal{Name: "labctl-copy", Env: map[string]map[string]string{"store": {"STARTUP_DELAY": "5s"}}})
	got, err := json.Marshal(project)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"name":"labctl-copy",` +
		`"networks":{"back":{"internal":true,"name":"labctl-copy_back"},"none":null},` +
		`"services":{"store":{"environment":{"A":"1","STARTUP_DELAY":"5s"},"image":"store","networks":{"back":{"aliases":["db"]}}},` +
		`"web":{"environment":{},"image":"web","networks":{"back":null}}},` +
		`"volumes":{"data":{"name":"labctl-copy_data"},"outside":{"external":true,"name":"labctl-copy_outside"}}}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestACopyMountsWhatTheWorkspaceHas(t *testing.T) {
	model := `["/w/.copy/data", "/w/.copy/shop.env", "/w/.copy/shop.env.d/x", "/w/.copy"]`
	got := string(mounted([]byte(model), "/w/.copy", "/w", map[string]string{"shop.env": ""}))
	if want := `["/w/data", "/w/.copy/shop.env", "/w/shop.env.d/x", "/w"]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestOverlayReplacesFilesOfTheCopyOnly(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"compose.yaml": "services: {}", "shop.env": "A=1"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	top := filepath.Join(dir, ".copy")
	for range 2 { // what an earlier one left is in nobody's way
		if err := overlay(top, dir, map[string]string{"shop.env": "A=2", "new.env": "B=1"}); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		filepath.Join(top, "compose.yaml"): "services: {}", filepath.Join(top, "shop.env"): "A=2", filepath.Join(top, "new.env"): "B=1",
		filepath.Join(dir, "shop.env"): "A=1",
	} {
		if got, err := os.ReadFile(path); string(got) != want || err != nil {
			t.Errorf("%s: %q %v, want %q", path, got, err, want)
		}
	}
}
