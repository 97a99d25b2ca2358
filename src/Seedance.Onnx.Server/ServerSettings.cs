using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;

namespace Seedance.Onnx.Server;

/// <summary>
/// The settings of a server as people write them: on the command line (--max-queued 5), in the environment (SEEDANCE_SERVER_MAX_QUEUED=5) and in a JSON file ("max_queued": 5), in this
/// order of weight. All of them follow from <see cref="ServerOptions"/>.
/// </summary>
public sealed class ServerSettings
{
    /// <summary>What the names of variables begin with.</summary>
    public const string VariablePrefix = "SEEDANCE_SERVER_";

    /// <summary>The variable that names the settings file.</summary>
    public const string FileVariable = VariablePrefix + "CONFIG";

    private readonly PropertyInfo _property;

    private ServerSettings(PropertyInfo property)
    {
        _property = property;
        Key = JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);
        Description = property.GetCustomAttribute<DescriptionAttribute>()!.Description;
        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        RangeAttribute? range = property.GetCustomAttribute<RangeAttribute>();
        ValueName = type == typeof(bool) ? "true|false" : range is null ? "TEXT" : "N";
        Expected = type == typeof(bool) ? "true or false"
            : range is not null ? $"a whole number from {range.Minimum} to {range.Maximum}"
            : property.GetCustomAttribute<RegularExpressionAttribute>()?.ErrorMessage is { } pattern ? pattern
            : property.IsDefined(typeof(UrlAttribute)) ? "an address that begins with http:// or https://" : "a text";
        IsOfWorkers = property.IsDefined(typeof(OfWorkersAttribute));
        Default = property.GetValue(new ServerOptions()) is { } value ? Convert.ToString(value, CultureInfo.InvariantCulture)!.Replace("True", "true").Replace("False", "false") : null;
    }

    /// <summary>All settings, in the order in which they are told.</summary>
    public static IReadOnlyList<ServerSettings> All { get; } = [.. typeof(ServerOptions).GetProperties().Select(property => new ServerSettings(property))];

    /// <summary>The key in the file, such as "max_queued".</summary>
    public string Key { get; }

    /// <summary>The option on the command line, such as "--max-queued".</summary>
    public string Flag => "--" + Key.Replace('_', '-');

    /// <summary>The variable in the environment, such as "SEEDANCE_SERVER_MAX_QUEUED".</summary>
    public string Variable => VariablePrefix + Key.ToUpperInvariant();

    /// <summary>What it does, as a sentence without its full stop.</summary>
    public string Description { get; }

    /// <summary>Whether it counts for workers too.</summary>
    public bool IsOfWorkers { get; }

    /// <summary>What help calls the value.</summary>
    public string ValueName { get; }

    /// <summary>What the value must be.</summary>
    public string Expected { get; }

    /// <summary>The default as it would be written; null where nothing stands for it.</summary>
    public string? Default { get; }

    /// <summary>Reads the settings from all three places.</summary>
    /// <param name="file">The settings file; null if there is none.</param>
    /// <param name="variable">Gives an environment variable.</param>
    /// <param name="flags">What the command line says, by <see cref="Key"/>.</param>
    /// <returns>The options.</returns>
    /// <exception cref="HostSettingsException">The file cannot be read, or a value anywhere is wrong; every problem is listed.</exception>
    public static ServerOptions Read(string? file, Func<string, string?> variable, IReadOnlyDictionary<string, string> flags)
    {
        ArgumentNullException.ThrowIfNull(variable);
        ArgumentNullException.ThrowIfNull(flags);
        ServerOptions options = new();
        List<string> problems = [];
        Dictionary<string, string> written = file is null ? [] : ReadFile(file, problems);
        foreach (ServerSettings setting in All)
        {
            (string Place, string? Text)[] places = [(setting.Flag, flags.GetValueOrDefault(setting.Key)), (setting.Variable, variable(setting.Variable)), ($"$.{setting.Key}", written.GetValueOrDefault(setting.Key))];
            (string place, string? text) = Array.Find(places, place => !string.IsNullOrEmpty(place.Text));
            if (text is not null && !setting.TrySet(options, text))
            {
                problems.Add($"{place} must be {setting.Expected}, but is '{text}'.");
            }
        }

        return problems.Count == 0 ? options : throw new HostSettingsException(file ?? "server", problems);
    }

    private static Dictionary<string, string> ReadFile(string file, List<string> problems)
    {
        Dictionary<string, string> written = [];
        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(file), new JsonDocumentOptions { AllowDuplicateProperties = false });
            foreach (JsonProperty property in json.RootElement.EnumerateObject().Where(property => property.Name != "$schema"))
            {
                if (All.All(setting => setting.Key != property.Name))
                {
                    problems.Add($"$.{property.Name} must be one of {string.Join(", ", All.Select(setting => setting.Key))}, but is not. Remove it.");
                }

                written[property.Name] = property.Value.ToString();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HostSettingsException(file, [$"the file must be readable, but is not: {e.Message}"], e);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new HostSettingsException(file, [$"the file must be a JSON object, but is not: {e.Message}"], e);
        }

        return written;
    }

    private bool TrySet(ServerOptions options, string text)
    {
        Type type = Nullable.GetUnderlyingType(_property.PropertyType) ?? _property.PropertyType;
        object? value = type == typeof(bool) ? (bool.TryParse(text, out bool truth) ? truth : null)
            : type == typeof(int) ? (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null)
            : text;
        if (value is null || !_property.GetCustomAttributes<ValidationAttribute>().All(rule => rule.IsValid(value)))
        {
            return false;
        }

        _property.SetValue(options, value);
        return true;
    }
}
