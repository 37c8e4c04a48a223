package sdk

import (
	"reflect"
	"strings"
	"testing"
)

// rawField is what the SDKs keep about a field that was in the JSON.
type rawField interface{ Raw() string }

// complete checks that every field which an SDK's struct calls required was in
// the JSON, null or not, all the way down.
func complete(t *testing.T, v any) {
	t.Helper()
	completeValue(t, reflect.TypeOf(v).String(), reflect.ValueOf(v))
}

func completeValue(t *testing.T, path string, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			completeValue(t, path, v.Elem())
		}
		return
	case reflect.Slice:
		for i := range v.Len() {
			completeValue(t, path+"[]", v.Index(i))
		}
		return
	case reflect.Struct:
	default:
		return
	}
	if m := v.MethodByName("AsAny"); m.IsValid() { // a union: judge what it is
		if u := m.Call(nil)[0]; !u.IsNil() && u.Elem().Kind() == reflect.Struct && u.Elem().Type() != v.Type() {
			completeValue(t, path, u.Elem())
		}
		return
	}
	meta := v.FieldByName("JSON")
	if !meta.IsValid() || meta.Kind() != reflect.Struct {
		return
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		m := meta.FieldByName(f.Name)
		if f.Name == "JSON" || !m.IsValid() || !m.CanInterface() {
			continue
		}
		field, ok := m.Interface().(rawField)
		if !ok {
			continue
		}
		required := f.Tag.Get("api") == "required" || f.Tag.Get("default") != "" || strings.HasSuffix(f.Tag.Get("json"), ",required")
		if required && field.Raw() == "" {
			t.Errorf("%s.%s: required by the SDK and missing", path, f.Name)
		}
		if field.Raw() != "" && field.Raw() != "null" {
			completeValue(t, path+"."+f.Name, v.Field(i))
		}
	}
}
