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
}
