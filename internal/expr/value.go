package expr

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
)

// Value is one immutable value of the expression language. It is small and
// copied by value; the zero Value is null. Values must not be compared with
// ==; use Equal.
type Value struct {
	kind     Kind
	filtered bool    // an array made by `.*` or `[*]`: indexing it indexes each of its items
	num      float64 // KindNumber; KindBoolean as 0 or 1
	str      string  // KindString
	ref      *Object // KindObject; KindArray as an Object without keys. Its address is the value's identity.
}

// Null returns null.
func Null() Value { return Value{} }

// Bool returns a boolean.
func Bool(b bool) Value {
	if b {
		return Value{kind: KindBoolean, num: 1}
	}
	return Value{kind: KindBoolean}
}

// Number returns a number.
func Number(f float64) Value { return Value{kind: KindNumber, num: f} }

// String returns a string.
func String(s string) Value { return Value{kind: KindString, str: s} }

// Array returns an array of items, which the caller must not change afterwards.
func Array(items []Value) Value {
	if len(items) == 0 {
		items = nil // so that reflect.DeepEqual finds all empty arrays equal
	}
	return Value{kind: KindArray, ref: &Object{values: items}}
}

// filteredArray is Array for the results of `.*` and `[*]`.
func filteredArray(items []Value) Value {
	return Value{kind: KindArray, filtered: true, ref: &Object{values: items}}
}

// FromObject returns o as a Value, or null for nil. Changes made to o
// afterwards are seen by readers of the value, and must not race with them.
func FromObject(o *Object) Value {
	if o == nil {
		return Value{}
	}
	return Value{kind: KindObject, ref: o}
}

// Strings returns an object whose keys ignore case, in sorted order.
func Strings(m map[string]string) Value {
	o := &Object{}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		o.Set(key, String(m[key]))
	}
	return FromObject(o)
}

// FromAny converts what encoding/json yields, Go integers and Values. Keys of
// maps come in sorted order; any other type becomes its fmt text.
func FromAny(v any) Value {
	switch v := v.(type) {
	case nil:
		return Null()
	case Value:
		return v
	case *Object:
		return FromObject(v)
	case bool:
		return Bool(v)
	case float64:
		return Number(v)
	case int:
		return Number(float64(v))
	case int64:
		return Number(float64(v))
	case json.Number:
		return Number(parseNumber(string(v)))
	case string:
		return String(v)
	case []any:
		items := make([]Value, len(v))
		for i, item := range v {
			items[i] = FromAny(item)
		}
		return Array(items)
	case map[string]any:
		o := &Object{}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			o.Set(key, FromAny(v[key]))
		}
		return FromObject(o)
	case map[string]string:
		return Strings(v)
	}
	return String(fmt.Sprint(v))
}

// Kind returns the kind of v.
func (v Value) Kind() Kind { return v.kind }

// IsNull reports whether v is null.
func (v Value) IsNull() bool { return v.kind == KindNull }

// Truthy reports whether v counts as true: everything but null, false, 0, NaN
// and ”.
func (v Value) Truthy() bool {
	switch v.kind {
	case KindNull:
		return false
	case KindBoolean:
		return v.num != 0
	case KindNumber:
		return v.num != 0 && !math.IsNaN(v.num)
	case KindString:
		return v.str != ""
	}
	return true
}

// Float returns v coerced to a number: NaN for what is no number.
func (v Value) Float() float64 {
	switch v.kind {
	case KindNull:
		return 0
	case KindBoolean, KindNumber:
		return v.num
	case KindString:
		return parseNumber(v.str)
	}
	return math.NaN()
}

// Text returns v coerced to a string as GitHub does: "" for null, "Array" and
// "Object" for collections.
func (v Value) Text() string {
	switch v.kind {
	case KindNull:
		return ""
	case KindBoolean:
		if v.num != 0 {
			return "true"
		}
		return "false"
	case KindNumber:
		return formatNumber(v.num)
	case KindString:
		return v.str
	}
	return v.kind.String()
}

// Items returns the items of an array, which must not be changed; nil for
// every other kind.
func (v Value) Items() []Value {
	if v.kind != KindArray {
		return nil
	}
	return v.ref.values
}

// Object returns the object v is, or nil.
func (v Value) Object() *Object {
	if v.kind != KindObject {
		return nil
	}
	return v.ref
}

// Field returns the value of a key of an object; null when there is none or v
// is no object.
func (v Value) Field(name string) Value {
	field, _ := v.Object().Get(name)
	return field
}
