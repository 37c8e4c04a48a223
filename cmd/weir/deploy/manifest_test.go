package deploy_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"weir/host/config"
)

// manifest is kubernetes.yaml as Kubernetes' own types.
type manifest struct {
	config     corev1.ConfigMap
	deployment appsv1.Deployment
	policy     networkingv1.NetworkPolicy
}

// readManifest decodes every document as the API server does with field validation Strict: unknown fields,
// duplicate fields and fields in the wrong case are faults.
func readManifest(t *testing.T) manifest {
	t.Helper()
	text, err := os.ReadFile("kubernetes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var m manifest
	targets := map[string]any{
		"v1 ConfigMap":                       &m.config,
		"apps/v1 Deployment":                 &m.deployment,
		"networking.k8s.io/v1 NetworkPolicy": &m.policy,
	}
	for _, document := range bytes.Split(text, []byte("\n---\n")) {
		data, err := yaml.YAMLToJSONStrict(document)
		if err != nil {
			t.Fatal(err)
		}
		var kind struct{ APIVersion, Kind string }
		if err := yaml.Unmarshal(document, &kind); err != nil {
			t.Fatal(err)
		}
		name := kind.APIVersion + " " + kind.Kind
		target, ok := targets[name]
		if !ok {
			t.Fatalf("a %s, unknown here or twice in the file", name)
		}
		delete(targets, name)
		strict, err := kjson.UnmarshalStrict(data, target)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, fault := range strict {
			t.Errorf("%s: %v", name, fault)
		}
	}
	for name := range targets {
		t.Errorf("no %s", name)
	}
	return m
}

// weirConfig loads the configuration that the ConfigMap holds, its keys read from a folder of the test's.
func weirConfig(t *testing.T, m manifest) *config.Config {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"admin-token", "anthropic", "app", "openai"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("a-key-for-"+name+"-0123456789\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := strings.ReplaceAll(m.config.Data["weir.yaml"], "/etc/weir-keys", folder)
	cfg, err := config.Parse("weir.yaml", []byte(text), func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestManifestConfig(t *testing.T) {
	t.Parallel()
	m := readManifest(t)
	cfg := weirConfig(t, m)
	if warnings := cfg.Warnings(); len(warnings) > 0 {
		t.Errorf("warnings: %v", warnings)
	}
	pod := m.deployment.Spec.Template.Spec
	weir := sidecar(t, pod)

	grace := time.Duration(*pod.TerminationGracePeriodSeconds) * time.Second
	if drain := time.Duration(cfg.Limits.Drain); grace <= drain {
		t.Errorf("terminationGracePeriodSeconds %v does not exceed limits.drain %v", grace, drain)
	}
	if len(weir.Ports) != 1 || !strings.HasSuffix(string(cfg.Admin.Listen), ":8081") || weir.Ports[0].ContainerPort != 8081 {
		t.Errorf("admin.listen %s is not the probed port %v", cfg.Admin.Listen, weir.Ports)
	}
	if strings.HasPrefix(string(cfg.Admin.Listen), "127.") {
		t.Errorf("admin.listen %s: the kubelet cannot probe it", cfg.Admin.Listen)
	}
	for _, address := range cfg.Listen {
		if !strings.HasPrefix(string(address), "127.0.0.1:") {
			t.Errorf("listen %s: other pods can reach it", address)
		}
	}
	if !mountedWritable(weir, filepath.Dir(cfg.Records.File)) {
		t.Errorf("records.file %s is in no writable volume", cfg.Records.File)
	}
	room := int64(cfg.Records.Rotate.MaxSize) * int64(cfg.Records.Rotate.Keep+1)
	for _, volume := range pod.Volumes {
		if volume.EmptyDir != nil && volume.EmptyDir.SizeLimit.Value() <= room {
			t.Errorf("emptyDir %s of %v does not hold the %d bytes of records", volume.Name, volume.EmptyDir.SizeLimit, room)
		}
	}
	for _, container := range pod.Containers {
		for _, env := range container.Env {
			if base := strings.TrimPrefix(env.Value, "http://"); strings.HasSuffix(env.Name, "_BASE_URL") &&
				!strings.HasPrefix(base, string(cfg.Listen[0])) {
				t.Errorf("%s=%s is not %s", env.Name, env.Value, cfg.Listen[0])
			}
		}
	}
}

func TestManifestSidecar(t *testing.T) {
	t.Parallel()
	m := readManifest(t)
	pod := m.deployment.Spec.Template.Spec
	weir := sidecar(t, pod)

	if weir.RestartPolicy == nil || *weir.RestartPolicy != corev1.ContainerRestartPolicyAlways {
		t.Error("restartPolicy is not Always: an init container that never ends keeps the pod from starting")
	}
	probes := map[string]struct {
		probe *corev1.Probe
		path  string
	}{
		"startupProbe":   {weir.StartupProbe, "/readyz"},
		"readinessProbe": {weir.ReadinessProbe, "/readyz"},
		"livenessProbe":  {weir.LivenessProbe, "/livez"},
	}
	for name, want := range probes {
		if want.probe == nil || want.probe.HTTPGet == nil {
			t.Errorf("no %s over HTTP", name)
			continue
		}
		if get := want.probe.HTTPGet; get.Path != want.path || get.Port.StrVal != weir.Ports[0].Name {
			t.Errorf("%s asks %s on %v, want %s on %s", name, get.Path, &get.Port, want.path, weir.Ports[0].Name)
		}
	}
	if args := strings.Join(weir.Args, " "); args != "serve --config /etc/weir/weir.yaml" {
		t.Errorf("args %q", args)
	}
	if mount := mountOf(weir, "/etc/weir"); mount == nil || mount.SubPath != "" {
		t.Error("/etc/weir is not a whole folder: updates of a subPath mount never arrive")
	}
	if limit := weir.Resources.Limits.Memory(); limit.IsZero() {
		t.Error("no memory limit")
	}
	if weir.Resources.Requests.Cpu().IsZero() || weir.Resources.Requests.Memory().IsZero() {
		t.Error("no requests: the scheduler counts it as nothing")
	}
}

func TestManifestSecurity(t *testing.T) {
	t.Parallel()
	m := readManifest(t)
	pod := m.deployment.Spec.Template.Spec
	isTrue := func(b *bool) bool { return b != nil && *b }
	isFalse := func(b *bool) bool { return b != nil && !*b }

	weir := sidecar(t, pod)
	own := weir.SecurityContext
	if !isTrue(own.RunAsNonRoot) || own.RunAsUser == nil || *own.RunAsUser == 0 {
		t.Error("may run as root")
	}
	if !isTrue(own.ReadOnlyRootFilesystem) {
		t.Error("the root is writable")
	}
	for _, container := range append(slices.Clone(pod.Containers), weir) {
		c := container.SecurityContext
		if !isFalse(c.AllowPrivilegeEscalation) {
			t.Errorf("%s may escalate its privileges", container.Name)
		}
		if c.Capabilities == nil || !slices.Equal(c.Capabilities.Drop, []corev1.Capability{"ALL"}) || len(c.Capabilities.Add) > 0 {
			t.Errorf("%s keeps capabilities: %v", container.Name, c.Capabilities)
		}
	}
	if !isTrue(pod.SecurityContext.RunAsNonRoot) || pod.SecurityContext.SeccompProfile == nil ||
		pod.SecurityContext.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
		t.Error("the pod may run as root or without seccomp")
	}
	if !isFalse(pod.AutomountServiceAccountToken) {
		t.Error("a service account token is mounted that nobody uses")
	}
	checkKeys(t, pod)
}

// checkKeys shows that the provider's keys reach Weir alone, as files that its group may read and nobody else.
func checkKeys(t *testing.T, pod corev1.PodSpec) {
	t.Helper()
	volume := ""
	for _, v := range pod.Volumes {
		if v.Secret == nil {
			continue
		}
		volume = v.Name
		if mode := v.Secret.DefaultMode; mode == nil || *mode != 0o440 {
			t.Errorf("volume %s: defaultMode is not 0440", v.Name)
		}
	}
	group := pod.SecurityContext.FSGroup
	if weir := sidecar(t, pod); group == nil || *group != *weir.SecurityContext.RunAsGroup {
		t.Error("fsGroup is not Weir's group: it cannot read the keys")
	}
	for _, container := range pod.Containers {
		for _, mount := range container.VolumeMounts {
			if mount.Name == volume {
				t.Errorf("%s sees the provider's keys", container.Name)
			}
		}
		for _, env := range container.Env {
			if env.ValueFrom != nil && env.ValueFrom.SecretKeyRef.Key != "app" {
				t.Errorf("%s: %s is not the key for Weir", container.Name, env.Name)
			}
		}
	}
}

func TestManifestNamesFit(t *testing.T) {
	t.Parallel()
	m := readManifest(t)
	labels := m.deployment.Spec.Template.Labels
	for what, selector := range map[string]map[string]string{
		"the Deployment's selector":    m.deployment.Spec.Selector.MatchLabels,
		"the NetworkPolicy's selector": m.policy.Spec.PodSelector.MatchLabels,
	} {
		for key, value := range selector {
			if labels[key] != value {
				t.Errorf("%s wants %s=%s; the pod has %q", what, key, value, labels[key])
			}
		}
	}
	pod := m.deployment.Spec.Template.Spec
	volumes := make(map[string]corev1.Volume)
	for _, volume := range pod.Volumes {
		volumes[volume.Name] = volume
		if volume.ConfigMap != nil && volume.ConfigMap.Name != m.config.Name {
			t.Errorf("volume %s is of ConfigMap %s, want %s", volume.Name, volume.ConfigMap.Name, m.config.Name)
		}
	}
	ports := make(map[string]bool)
	for _, container := range slices.Concat(pod.InitContainers, pod.Containers) {
		for _, mount := range container.VolumeMounts {
			if _, ok := volumes[mount.Name]; !ok {
				t.Errorf("%s mounts %s, which is no volume", container.Name, mount.Name)
			}
		}
		for _, port := range container.Ports {
			ports[port.Name] = true
		}
	}
	for _, rule := range m.policy.Spec.Ingress {
		for _, port := range rule.Ports {
			if !ports[port.Port.StrVal] {
				t.Errorf("the NetworkPolicy opens %v, which is no container's port", port.Port)
			}
		}
	}
}

// sidecar returns the one init container.
func sidecar(t *testing.T, pod corev1.PodSpec) corev1.Container {
	t.Helper()
	if len(pod.InitContainers) != 1 || pod.InitContainers[0].Name != "weir" {
		t.Fatalf("%d init containers, want weir alone", len(pod.InitContainers))
	}
	return pod.InitContainers[0]
}

func mountOf(container corev1.Container, folder string) *corev1.VolumeMount {
	for i := range container.VolumeMounts {
		if container.VolumeMounts[i].MountPath == folder {
			return &container.VolumeMounts[i]
		}
	}
	return nil
}

func mountedWritable(container corev1.Container, folder string) bool {
	mount := mountOf(container, folder)
	return mount != nil && !mount.ReadOnly
}
