using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Seedance.Onnx.Packs;

/// <summary>
/// Reads one JSON object strictly: every key is asked for once, and what is missing, of a wrong kind, out of range or unknown is added to
/// a list of problems with its path, so that one reading finds them all. A value that could not be read comes back as a placeholder.
/// </summary>
internal sealed class JsonFields
{
    private readonly JsonElement _element;
    private readonly string _path;
    private readonly List<string> _problems;
    private readonly List<string> _known = [];

    /// <param name="element">The object; anything else is a problem, and of an undefined one everything was said already.</param>
    /// <param name="path">Where it is: the file and a JSON path, for example "seedance.json: $".</param>
    /// <param name="problems">Where problems go.</param>
    public JsonFields(JsonElement element, string path, List<string> problems)
    {
        _element = element;
        _path = path;
        _problems = problems;
        if (element.ValueKind == JsonValueKind.Undefined)
        {
            _problems = [];
        }
        else if (element.ValueKind != JsonValueKind.Object)
        {
            Report(path, "an object", element);
            _problems = [];
        }
    }

    /// <summary>Whether there is such a key; it counts as known from then on.</summary>
    public bool Has(string key)
    {
        if (!_known.Contains(key))
        {
            _known.Add(key);
        }

        return _element.ValueKind == JsonValueKind.Object && _element.TryGetProperty(key, out _);
    }

    /// <summary>Every key of the object; they all count as known from then on.</summary>
    public ImmutableArray<string> AllKeys()
    {
        ImmutableArray<string> keys = _element.ValueKind == JsonValueKind.Object ? [.. _element.EnumerateObject().Select(p => p.Name)] : [];
        _known.AddRange(keys);
        return keys;
    }

    public string Text(string key, string expected = "a text that is not empty", Func<string, bool>? isValid = null, string? ifMissing = null)
    {
        isValid ??= static text => text.Length > 0;
        return Take(key, expected, ifMissing is not null) is not { } value ? ifMissing ?? ""
            : value.ValueKind == JsonValueKind.String && isValid(value.GetString()!) ? value.GetString()!
            : Wrong(key, expected, value, "");
    }

    public int Whole(string key, int least, int most, int? ifMissing = null)
    {
        string expected = least == most ? $"{least}" : $"a whole number from {least} to {most}";
        return Take(key, expected, ifMissing is not null) is not { } value ? ifMissing ?? least
            : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= least && number <= most ? number
            : Wrong(key, expected, value, least);
    }

    public double Number(string key, double above, double most, bool orEqual = false, double? ifMissing = null)
    {
        string expected = orEqual ? $"a number from {above} to {most}" : $"a number above {above} and up to {most}";
        return Take(key, expected, ifMissing is not null) is not { } value ? ifMissing ?? most
            : value.ValueKind == JsonValueKind.Number && value.GetDouble() is double number && (orEqual ? number >= above : number > above) && number <= most ? number
            : Wrong(key, expected, value, most);
    }

    public bool Flag(string key, bool? ifMissing = null) =>
        Take(key, "true or false", ifMissing is not null) is not { } value ? ifMissing ?? false
            : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
            : Wrong(key, "true or false", value, false);

    /// <summary>One of a few names.</summary>
    public T Choice<T>(string key, IReadOnlyList<T> values, Func<T, string> nameOf, T ifMissing)
    {
        string[] names = [.. values.Select(nameOf)];
        string name = Text(key, $"one of {string.Join(", ", names)}", names.Contains, nameOf(ifMissing));
        return Array.IndexOf(names, name) is >= 0 and var index ? values[index] : ifMissing;
    }

    public JsonFields Fields(string key) => Take(key, "an object", optional: false) is { } value
        ? new JsonFields(value, PathOf(key), _problems)
        : new JsonFields(default, PathOf(key), _problems);

    /// <summary>A list whose items are read by themselves; an item that cannot be read gives null and is a problem.</summary>
    public ImmutableArray<T> List<T>(string key, string expected, Func<JsonElement, T?> readItem)
        where T : struct
    {
        if (Take(key, $"a list of {expected}", optional: false) is not { } value)
        {
            return [];
        }

        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0)
        {
            return Wrong(key, $"a list of {expected}, at least one", value, ImmutableArray<T>.Empty);
        }

        ImmutableArray<T>.Builder items = ImmutableArray.CreateBuilder<T>();
        foreach ((int index, JsonElement element) in value.EnumerateArray().Index())
        {
            if (readItem(element) is { } item)
            {
                items.Add(item);
            }
            else
            {
                Report($"{PathOf(key)}[{index}]", expected, element);
            }
        }

        return items.ToImmutable();
    }

    /// <summary>A list of texts.</summary>
    public ImmutableArray<string> Texts(string key, string expected, Func<string, bool> isValid) =>
        [.. List<(string Text, bool)>(key, expected, item => item.ValueKind == JsonValueKind.String && isValid(item.GetString()!) ? (item.GetString()!, true) : null)
            .Select(item => item.Text)];

    /// <summary>A value that is read by itself; what cannot be read is a problem, and gives null.</summary>
    public T? Value<T>(string key, string expected, Func<JsonElement, T?> read)
        where T : struct
    {
        if (Take(key, expected, optional: false) is not { } value)
        {
            return null;
        }

        if (read(value) is { } item)
        {
            return item;
        }

        Report(PathOf(key), expected, value);
        return null;
    }

    /// <summary>A list of objects.</summary>
    public ImmutableArray<JsonFields> FieldsList(string key)
    {
        if (Take(key, "a list of objects", optional: false) is not { } value)
        {
            return [];
        }

        return value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0
            ? [.. value.EnumerateArray().Select((item, index) => new JsonFields(item, $"{PathOf(key)}[{index}]", _problems))]
            : Wrong(key, "a list of objects, at least one", value, ImmutableArray<JsonFields>.Empty);
    }

    /// <summary>Takes a key whose value does not matter, or must equal one value. Null means the former.</summary>
    public void Setting(string key, JsonElement? required, bool optional)
    {
        string expected = required?.GetRawText() ?? "anything";
        if (Take(key, expected, optional) is { } value && required is { } only && !JsonElement.DeepEquals(value, only))
        {
            Wrong(key, expected, value, 0);
        }
    }

    /// <summary>Reports every key that was not asked for.</summary>
    public void Close()
    {
        IEnumerable<string> unknown = _element.ValueKind == JsonValueKind.Object ? _element.EnumerateObject().Select(p => p.Name).Except(_known) : [];
        _problems.AddRange(unknown.Select(key =>
            $"{PathOf(key)} must be a known key, but is not. Remove it, or write one of: {string.Join(", ", _known)}."));
    }

    /// <summary>Whether anything was wrong so far, here or elsewhere in the file.</summary>
    public bool HasProblems => _problems.Count > 0;

    /// <summary>Whether a key's value is a text.</summary>
    public bool IsText(string key) => Has(key) && _element.GetProperty(key).ValueKind == JsonValueKind.String;

    /// <summary>Adds a problem of a key's value that has a sentence of its own.</summary>
    public void ReportText(string key, string problem) => _problems.Add($"{PathOf(key)}: {problem}");

    /// <summary>Adds a problem about a key's value.</summary>
    public void Report(string key, string mustBe) => _problems.Add($"{PathOf(key)} must be {mustBe}.");

    private JsonElement? Take(string key, string expected, bool optional)
    {
        if (Has(key))
        {
            return _element.GetProperty(key);
        }

        if (!optional)
        {
            _problems.Add($"{PathOf(key)} must be {expected}, but is missing.");
        }

        return null;
    }

    private T Wrong<T>(string key, string expected, JsonElement value, T placeholder)
    {
        Report(PathOf(key), expected, value);
        return placeholder;
    }

    private void Report(string path, string expected, JsonElement value)
    {
        string actual = string.Join(' ', value.GetRawText().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        _problems.Add($"{path} must be {expected}, but is {(actual.Length > 60 ? string.Concat(actual.AsSpan(0, 60), " …") : actual)}.");
    }

    private string PathOf(string key) => key.Length > 0 && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '$')
        ? $"{_path}.{key}"
        : $"{_path}['{JsonEncodedText.Encode(key, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}']";
}
