using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Seedance.Onnx.Server.Http;

/// <summary>
/// The parameters of a request, from a JSON object or a form, read by name. What is wrong is gathered, so that the client hears of everything at once; what nobody read is wrong too.
/// </summary>
internal sealed class RequestFields
{
    /// <summary>More parameters than any request has.</summary>
    public const int MostFields = 64;

    private readonly Dictionary<string, JsonElement> _fields;
    private readonly string _prefix;
    private readonly bool _textNumbers;
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    private RequestFields(Dictionary<string, JsonElement> fields, string prefix, bool textNumbers, List<RequestProblem> problems)
    {
        _fields = fields;
        _prefix = prefix;
        _textNumbers = textNumbers;
        Problems = problems;
    }

    /// <summary>What is wrong so far.</summary>
    public List<RequestProblem> Problems { get; }

    /// <summary>The parameters of a JSON object.</summary>
    /// <param name="json">The object; anything else is a problem.</param>
    /// <param name="textNumbers">Whether "4" counts as 4, as in a form.</param>
    /// <param name="prefix">What the names of parameters begin with, such as "content[0].".</param>
    /// <param name="problems">Where problems go; a list of its own if not specified.</param>
    public static RequestFields Of(JsonElement json, bool textNumbers, string prefix = "", List<RequestProblem>? problems = null)
    {
        problems ??= [];
        Dictionary<string, JsonElement> fields = new(StringComparer.Ordinal);
        string? name = prefix.Length > 0 ? prefix.TrimEnd('.') : null;
        if (json.ValueKind != JsonValueKind.Object)
        {
            problems.Add(new RequestProblem(ProblemKind.Invalid, $"{name ?? "The body"} must be a JSON object, but is {Describe(json)}.", name));
            return new RequestFields(fields, prefix, textNumbers, problems);
        }

        if (json.GetPropertyCount() > MostFields)
        {
            problems.Add(new RequestProblem(ProblemKind.Invalid, $"{name ?? "The body"} must have at most {MostFields} parameters, but has {json.GetPropertyCount()}.", name));
            return new RequestFields(fields, prefix, textNumbers, problems);
        }

        foreach (JsonProperty property in json.EnumerateObject().Where(property => property.Value.ValueKind != JsonValueKind.Null))
        {
            fields[property.Name] = property.Value;
        }

        return new RequestFields(fields, prefix, textNumbers, problems);
    }

    /// <summary>The fields of a form; a[b] becomes b of the object a.</summary>
    public static RequestFields Of(IFormCollection form)
    {
        JsonObject json = [];
        foreach ((string name, string? value) in form.Select(field => (field.Key, field.Value.LastOrDefault())))
        {
            int bracket = name.IndexOf('[', StringComparison.Ordinal);
            if (bracket > 0 && name.EndsWith(']'))
            {
                if (json[name[..bracket]] is not JsonObject inner)
                {
                    json[name[..bracket]] = inner = [];
                }

                inner[name[(bracket + 1)..^1]] = value;
            }
            else
            {
                json[name] = value;
            }
        }

        return Of(JsonSerializer.SerializeToElement(json), textNumbers: true);
    }

    /// <summary>The parameter's name as the client wrote it.</summary>
    public string NameOf(string name) => _prefix + name;

    /// <summary>A parameter as it is; null if it is not there.</summary>
    public JsonElement? Raw(string name)
    {
        _ = _read.Add(name);
        return _fields.TryGetValue(name, out JsonElement value) ? value : null;
    }

    /// <summary>A text.</summary>
    /// <param name="name">The parameter.</param>
    /// <param name="longest">The most characters.</param>
    /// <param name="required">Whether it must be there.</param>
    public string? Text(string name, int longest, bool required = false)
    {
        if (Raw(name) is not { } value)
        {
            if (required)
            {
                Problems.Add(new RequestProblem(ProblemKind.Missing, $"{NameOf(name)} must be given, but is missing.", NameOf(name)));
            }

            return null;
        }

        return value.ValueKind == JsonValueKind.String && value.GetString() is { } text && text.Length <= longest && (text.Length > 0 || !required) && !text.Contains('\0')
            ? text : Refuse<string>(name, $"a text of {(required ? "1" : "0")} to {longest} characters, none of them NUL", value);
    }

    /// <summary>One of several words.</summary>
    public string? Word(string name, params IReadOnlyList<string> words) =>
        Raw(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String && words.Contains(value.GetString()!) ? value.GetString()
        : Refuse<string>(name, $"one of {string.Join(", ", words)}", value);

    /// <summary>A whole number.</summary>
    public long? Whole(string name, long least, long most) =>
        Raw(name) is not { } value ? null
        : TryNumber(value, out double number) && number == Math.Floor(number) && number >= least && number <= most ? (long)number
        : RefuseValue<long>(name, $"a whole number from {least} to {most}", value);

    /// <summary>A number.</summary>
    public double? Number(string name, double least, double most) =>
        Raw(name) is not { } value ? null
        : TryNumber(value, out double number) && number >= least && number <= most ? number
        : RefuseValue<double>(name, $"a number from {least} to {most}", value);

    /// <summary>True or false.</summary>
    public bool? Truth(string name) => Raw(name) is not { } value ? null : value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String when _textNumbers && bool.TryParse(value.GetString(), out bool truth) => truth,
        _ => RefuseValue<bool>(name, "true or false", value),
    };

    /// <summary>A parameter that this server knows but cannot serve: only the value that changes nothing is taken.</summary>
    public void OnlyFalse(string name, string why)
    {
        if (Truth(name) == true)
        {
            Problems.Add(new RequestProblem(ProblemKind.Invalid, $"{NameOf(name)} must be false or left out, but is true: {why}", NameOf(name)));
        }
    }

    /// <summary>Notes a problem of a parameter.</summary>
    public void Refuse(string name, string message, ProblemKind kind = ProblemKind.Invalid) => Problems.Add(new RequestProblem(kind, $"{NameOf(name)} {message}", NameOf(name)));

    /// <summary>Notes what nobody has read.</summary>
    public void Close() => Problems.AddRange(_fields.Keys.Where(name => !_read.Contains(name)).Select(
        name => new RequestProblem(ProblemKind.Unknown, $"{NameOf(Shown(name))} must be a parameter of this request, but is not. Remove it.", NameOf(Shown(name)))));

    /// <summary>Ends the reading.</summary>
    /// <exception cref="RequestProblemException">Something is wrong.</exception>
    public void Finish()
    {
        Close();
        if (Problems.Count > 0)
        {
            throw new RequestProblemException(Problems);
        }
    }

    private static string Shown(string text) => text.Length <= 64 ? text : text[..64] + "…";

    private static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => $"'{Shown(value.GetString()!)}'",
        _ => Shown(value.GetRawText()),
    };

    private bool TryNumber(JsonElement value, out double number)
    {
        number = 0;
        bool valid = value.ValueKind == JsonValueKind.Number ? value.TryGetDouble(out number)
            : _textNumbers && value.ValueKind == JsonValueKind.String && double.TryParse(value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out number);
        return valid && double.IsFinite(number);
    }

    private T? Refuse<T>(string name, string expected, JsonElement value)
        where T : class
    {
        Refuse(name, $"must be {expected}, but is {Describe(value)}.");
        return null;
    }

    private T? RefuseValue<T>(string name, string expected, JsonElement value)
        where T : struct
    {
        Refuse(name, $"must be {expected}, but is {Describe(value)}.");
        return null;
    }
}
