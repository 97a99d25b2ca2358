using System.Text.Encodings.Web;
using System.Text.Json;

namespace Seedance.Onnx.Cli;

/// <summary>How --json writes: one object, indented, camelCase keys, every script as it is.</summary>
internal static class Json
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Write<T>(T value) => JsonSerializer.Serialize(value, Options);

    /// <summary>What is told of videos: the object itself for one, and an object with a list of them for several.</summary>
    public static string WriteVideos<T>(IReadOnlyList<T> videos) => videos is [var only] ? Write(only) : Write(new { videos });
}
