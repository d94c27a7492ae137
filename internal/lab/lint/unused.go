package lint

import (
	"fmt"
	"strings"
)

// unused looks for the names in every file of the lab.
func unused(p *pass) {
	files := map[string]bool{}
	p.addFiles(files, ".", "")
	var all strings.Builder
	for file := range files {
		if data, err := p.Read(file); err == nil {
			all.Write(data)
		}
	}
	uses := func(group, name string) bool {
		variable := strings.ToUpper(strings.TrimSuffix(group, "s") + "_" + strings.ReplaceAll(name, "-", "_"))
		text := all.String()
		return strings.Contains(text, group+"."+name) || strings.Contains(text, fmt.Sprintf("%s[%q]", group, name)) ||
			strings.Contains(text, group+"['"+name+"']") || strings.Contains(text, variable)
	}
	for name := range p.Lab.Params {
		if !uses("params", name) {
			p.at("params."+name, fmt.Sprintf("the parameter %q is not used", name), "use $(params."+name+") or remove it")
		}
	}
	for name, image := range p.Lab.Images {
		if !uses("images", name) && strings.Count(all.String(), image.Ref) < 2 {
			p.at("images."+name, fmt.Sprintf("the image %q is not used", name), "use $(images."+name+") or remove it")
		}
	}
}
