package expr_test

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"slipway/internal/expr"
)

func TestCoercions(t *testing.T) {
	object := expr.FromObject(expr.NewObject(expr.Pair{Key: "a", Value: expr.Number(1)}))
	for _, c := range []struct {
		value  expr.Value
		kind   string
		truthy bool
		float  float64
		text   string
	}{
		{expr.Value{}, "Null", false, 0, ""},
		{expr.Null(), "Null", false, 0, ""},
		{expr.Bool(true), "Boolean", true, 1, "true"},
		{expr.Bool(false), "Boolean", false, 0, "false"},
		{expr.Number(0), "Number", false, 0, "0"},
		{expr.Number(math.Copysign(0, -1)), "Number", false, 0, "0"},
		{expr.Number(-2.5), "Number", true, -2.5, "-2.5"},
		{expr.Number(math.NaN()), "Number", false, math.NaN(), "NaN"},
		{expr.Number(math.Inf(-1)), "Number", true, math.Inf(-1), "-Infinity"},
		{expr.Number(1 << 53), "Number", true, 1 << 53, "9.00719925474099E+15"},
		{expr.String(""), "String", false, 0, ""},
		{expr.String(" "), "String", true, 0, " "},
		{expr.String("false"), "String", true, math.NaN(), "false"},
		{expr.String("\t0x1F\n"), "String", true, 31, "\t0x1F\n"},
		{expr.Array(nil), "Array", true, math.NaN(), "Array"},
		{expr.FromObject(nil), "Null", false, 0, ""},
		{object, "Object", true, math.NaN(), "Object"},
	} {
		v := c.value
		if v.Kind().String() != c.kind || v.Truthy() != c.truthy || v.Text() != c.text || v.IsNull() != (c.kind == "Null") {
			t.Errorf("%#v is %s, %v, %q; want %s, %v, %q", v, v.Kind(), v.Truthy(), v.Text(), c.kind, c.truthy, c.text)
		}
		if f := v.Float(); f != c.float && !(math.IsNaN(f) && math.IsNaN(c.float)) {
			t.Errorf("%q is %v, want %v", v.Text(), f, c.float)
		}
	}
}

func TestFieldsOfValues(t *testing.T) {
	v := expr.FromAny(map[string]any{"B": []any{1.0, "x", nil, true, json.Number("7"), 8, int64(9)}, "a": map[string]any{}, "c": map[string]string{"k": "v"}, "d": expr.Bool(true), "e": 'r'})
	if got, want := string(v.AppendJSON(nil)), `{"B":[1,"x",null,true,7,8,9],"a":{},"c":{"k":"v"},"d":true,"e":"114"}`; got != want {
		t.Errorf("FromAny\n got %s\nwant %s", got, want)
	}
	if len(v.Field("b").Items()) != 7 || !v.Field("nope").IsNull() || !v.Field("b").Field("x").IsNull() {
		t.Error("Field or Items is wrong")
	}
	if v.Items() != nil || v.Field("b").Object() != nil || v.Object().Len() != 5 {
		t.Error("Items and Object answer for their own kind only")
	}
	if got := string(expr.Strings(map[string]string{"z": "1", "A": "2", "a": "3"}).AppendJSON(nil)); got != `{"A":"3","z":"1"}` {
		t.Errorf("Strings gives %s", got)
	}
}

func TestObject(t *testing.T) {
	o := expr.NewObject()
	o.Set("One", expr.Number(1)).Set("two", expr.Number(2)).Set("ÉÉ", expr.Number(3)).Set("ONE", expr.Number(4))
	if got := expr.FromObject(o).ToJSON(); got != "{\n  \"One\": 4,\n  \"two\": 2,\n  \"ÉÉ\": 3\n}" {
		t.Errorf("got %s", got)
	}
	if v, ok := o.Get("éÉ"); !ok || v.Float() != 3 {
		t.Error("éÉ is not found")
	}
	c := o.Clone()
	o.Delete("TWO")
	o.Delete("three")
	if _, ok := o.Get("two"); ok || o.Len() != 2 || c.Len() != 3 {
		t.Error("Delete or Clone is wrong")
	}
	for key := range c.All() {
		if key != "One" {
			t.Errorf("the first key is %s", key)
		}
		break
	}

	exact := expr.NewCaseSensitiveObject().Set("a", expr.Number(1)).Set("A", expr.Number(2))
	if v, _ := exact.Get("A"); v.Float() != 2 || exact.Len() != 2 || exact.Clone().Set("a", expr.Null()).Len() != 2 {
		t.Error("case-sensitive keys are mixed up")
	}

	var none *expr.Object
	if _, ok := none.Get("x"); ok || none.Len() != 0 || none.Clone().Len() != 0 {
		t.Error("a nil object is not empty")
	}
	for range none.All() {
		t.Error("a nil object has keys")
	}
}

// An object behaves like a list of pairs searched from the front, whatever
// its size.
func TestObjectIsAnOrderedMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		exact := rapid.Bool().Draw(t, "exact")
		o := expr.NewObject()
		if exact {
			o = expr.NewCaseSensitiveObject()
		}
		var want []expr.Pair
		find := func(key string) int {
			return slices.IndexFunc(want, func(p expr.Pair) bool {
				return p.Key == key || !exact && strings.EqualFold(p.Key, key)
			})
		}
		keys := rapid.StringMatching(`[a-dA-DéÉ]{1,2}`)
		for range rapid.IntRange(0, 120).Draw(t, "changes") {
			key := keys.Draw(t, "key")
			i := find(key)
			if rapid.IntRange(0, 5).Draw(t, "what") == 0 {
				o.Delete(key)
				if i >= 0 {
					want = slices.Delete(want, i, i+1)
				}
				continue
			}
			v := expr.Number(rapid.Float64().Draw(t, "value"))
			o.Set(key, v)
			if i >= 0 {
				want[i].Value = v
			} else {
				want = append(want, expr.Pair{Key: key, Value: v})
			}
		}
		var got []expr.Pair
		for key, v := range o.All() {
			got = append(got, expr.Pair{Key: key, Value: v})
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got  %v\nwant %v", got, want)
		}
		key := keys.Draw(t, "key looked up")
		if v, ok := o.Get(key); ok != (find(key) >= 0) || ok && v != want[find(key)].Value {
			t.Fatalf("Get(%q) is %v, %v", key, v, ok)
		}
	})
}

// genValue generates values that JSON can hold.
func genValue(depth int) *rapid.Generator[expr.Value] {
	return rapid.Custom(func(t *rapid.T) expr.Value {
		kinds := 5
		if depth == 0 {
			kinds = 3
		}
		switch rapid.IntRange(0, kinds).Draw(t, "kind") {
		case 0:
			return expr.Null()
		case 1:
			return expr.Bool(rapid.Bool().Draw(t, "boolean"))
		case 2:
			return expr.Number(rapid.Float64Range(-1e300, 1e300).Draw(t, "number"))
		case 3:
			return expr.String(rapid.String().Draw(t, "string"))
		case 4:
			return expr.Array(rapid.SliceOfN(genValue(depth-1), 0, 4).Draw(t, "items"))
		default:
			o := expr.NewObject()
			for _, key := range rapid.SliceOfN(rapid.String(), 0, 20).Draw(t, "keys") {
				o.Set(key, genValue(depth-1).Draw(t, "value"))
			}
			return expr.FromObject(o)
		}
	})
}

// What MarshalJSON writes, UnmarshalJSON and encoding/json read back, alike.
func TestJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := genValue(3).Draw(t, "value")
		data, err := json.Marshal(struct{ V expr.Value }{v})
		if err != nil {
			t.Fatal(err)
		}
		var back struct{ V expr.Value }
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if got, want := string(back.V.AppendJSON(nil)), string(v.AppendJSON(nil)); got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
		if !reflect.DeepEqual(back.V, v) {
			t.Fatalf("reflect.DeepEqual sees a difference after a round trip of %s", data)
		}
		var plain any
		if err := json.Unmarshal(v.AppendJSON(nil), &plain); err != nil {
			t.Fatal(err)
		}
	})
}

// fromJSON(toJSON(x)) is x, but for digits after the fifteenth.
func TestToJSONRoundTrip(t *testing.T) {
	x, err := expr.Parse("fromJSON(toJSON(x))", nil)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		v := genValue(3).Draw(t, "value")
		got, err := x.Eval(&expr.Scope{Contexts: expr.NewObject(expr.Pair{Key: "x", Value: v})})
		if err != nil {
			t.Fatalf("%s: %v", v.ToJSON(), err)
		}
		if got.ToJSON() != v.ToJSON() {
			t.Fatalf("got  %s\nwant %s", got.ToJSON(), v.ToJSON())
		}
	})
}

func TestNumbersThatJSONHasNot(t *testing.T) {
	v := expr.Array([]expr.Value{expr.Number(math.NaN()), expr.Number(math.Inf(1)), expr.Number(math.Inf(-1)), expr.Number(1e300), expr.Number(1e-7)})
	data, err := json.Marshal(v)
	if want := `["NaN","Infinity","-Infinity",1e+300,1e-07]`; err != nil || string(data) != want {
		t.Errorf("got %s, %v; want %s", data, err, want)
	}
	if got, want := v.ToJSON(), "[\n  NaN,\n  Infinity,\n  -Infinity,\n  1E+300,\n  1E-07\n]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
