package proxy

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// createContainer refuses containers that reach beyond the lab.
func (p *Proxy) createContainer(r *http.Request, _ []string) error {
	return p.edit(r, func(o object) error {
		host := o.object("HostConfig")
		if err := checkPrivileges(host); err != nil {
			return err
		}
		if err := p.checkMounts(host); err != nil {
			return err
		}
		if p.policy.Shared != nil {
			return p.checkReferences(r.Context(), o)
		}
		return publishPorts(r.Context(), host)
	})
}

// capabilities are those that containers may be given beside Docker's own
// choice: they reach no further than the container's namespaces.
func capabilities() []string {
	return []string{"NET_ADMIN", "NET_RAW", "NET_BIND_SERVICE", "SYS_CHROOT", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "SETFCAP", "MKNOD", "AUDIT_WRITE", "IPC_LOCK", "SYS_NICE"}
}

func checkPrivileges(host object) error {
	if host["Privileged"] == true {
		return forbidden("labctl: this lab does not allow --privileged")
	}
	for field, flag := range map[string]string{
		"NetworkMode": "--network", "PidMode": "--pid", "IpcMode": "--ipc", "UTSMode": "--uts", "UsernsMode": "--userns", "CgroupnsMode": "--cgroupns",
	} {
		if host[field] == "host" {
			return forbidden(fmt.Sprintf("labctl: this lab does not allow %s host: the host's namespaces stay the host's", flag))
		}
	}
	for _, field := range []string{"Devices", "DeviceRequests", "DeviceCgroupRules"} {
		if list, _ := host[field].([]any); len(list) > 0 {
			return forbidden("labctl: this lab does not allow devices of the host")
		}
	}
	for _, field := range []string{"MaskedPaths", "ReadonlyPaths"} {
		if host[field] != nil {
			return forbidden("labctl: this lab does not allow containers to see more of the kernel than others")
		}
	}
	added, _ := host["CapAdd"].([]any)
	for _, c := range added {
		name := strings.TrimPrefix(strings.ToUpper(fmt.Sprint(c)), "CAP_")
		if !slices.Contains(capabilities(), name) {
			return forbidden("labctl: this lab does not allow --cap-add " + name)
		}
	}
	return nil
}
