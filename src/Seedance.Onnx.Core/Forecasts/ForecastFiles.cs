using System.Text.Json;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Forecasts;

/// <summary>Reads the JSON files of forecasts: those that are embedded in this library, and those that a user names.</summary>
internal static class ForecastFiles
{
    private const string Folder = "Forecasts.Data.";
    private const long MaxBytes = 1 << 20;

    /// <summary>The names of embedded files, without ending, whose path begins so.</summary>
    public static IReadOnlyList<string> EmbeddedNames(string prefix) =>
        [.. typeof(ForecastFiles).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Folder + prefix, StringComparison.Ordinal))
            .Select(name => name[(Folder.Length + prefix.Length)..^".json".Length]).Order(StringComparer.Ordinal)];

    /// <summary>Reads an embedded file.</summary>
    public static T ReadEmbedded<T>(string name, Func<JsonFields, T> read)
    {
        using Stream stream = typeof(ForecastFiles).Assembly.GetManifestResourceStream(Folder + name)!;
        using MemoryStream bytes = new();
        stream.CopyTo(bytes);
        return Parse(bytes.ToArray(), name, read);
    }

    /// <summary>Reads a user's file.</summary>
    /// <param name="what">What it is, as errors call it: "Shape".</param>
    /// <param name="path">The file.</param>
    /// <param name="read">Reads the object, and closes it.</param>
    /// <exception cref="InvalidRequestException">The file is not there, is no JSON or is malformed; every problem is listed with its path.</exception>
    public static T Read<T>(string what, string path, Func<JsonFields, T> read)
    {
        string name = $"{what} '{Path.GetFileName(path)}'";
        try
        {
            FileInfo file = new(path);
            return file.Exists && file.Length > MaxBytes
                ? throw new InvalidRequestException([$"{name} must have at most {MaxBytes} bytes, but has {file.Length}. Use another file."])
                : Parse(File.ReadAllBytes(path), name, read);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidRequestException([$"{what} '{path}' must be a file that can be read, but is not: {e.Message} Check the path."]);
        }
    }

    private static T Parse<T>(ReadOnlyMemory<byte> json, string name, Func<JsonFields, T> read)
    {
        List<string> problems = [];
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
            JsonFields fields = new(document.RootElement, $"{name}: $", problems);
            T value = read(fields);
            return problems.Count == 0 ? value : throw new InvalidRequestException(problems);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidRequestException([$"{name} must be JSON, but is not: {e.Message} Correct the file."]);
        }
    }
}
