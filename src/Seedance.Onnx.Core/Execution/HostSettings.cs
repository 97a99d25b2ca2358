using System.Text.Json;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Execution;

/// <summary>What the owner of a machine wants of every pipeline on it, in a JSON file that no pack brings along. Immutable.</summary>
public sealed record HostSettings
{
    /// <summary>Nothing said.</summary>
    public static HostSettings None { get; } = new();

    /// <summary>"execution": what graphs run on. Lies over what a pack advises, and under what code or command line ask for.</summary>
    public ExecutionTarget Execution { get; init; } = ExecutionTarget.Unspecified;

    /// <summary>"memory_limit_mib", in bytes: the most memory that one pipeline may plan to use. No limit if not specified.</summary>
    public long? MemoryLimitBytes { get; init; }

    /// <summary>"cache_folder": where composed graphs and built engines are kept; relative to the file's folder. If not specified, seedance in the user's cache folder.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>Reads a host's file. An unknown key, a missing one or a value of a wrong kind is an error, and so are options that contradict.</summary>
    /// <param name="path">The file.</param>
    /// <returns>What it says.</returns>
    /// <exception cref="HostSettingsException">The file cannot be read or is not well formed; the error lists every problem found.</exception>
    public static HostSettings Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        List<string> problems = [];
        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { AllowDuplicateProperties = false });
            HostSettings settings = Read(json.RootElement, Path.GetDirectoryName(Path.GetFullPath(path))!, problems);
            return problems.Count == 0 ? settings : throw new HostSettingsException(path, problems);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HostSettingsException(path, [$"the file must be readable, but is not: {e.Message}"], e);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new HostSettingsException(path, [$"the file must be JSON, but is not: {e.Message}"], e);
        }
    }

    private static HostSettings Read(JsonElement root, string folder, List<string> problems)
    {
        JsonFields fields = new(root, "$", problems);
        fields.Text("$schema", "a text", _ => true, ifMissing: "");
        HostSettings settings = new()
        {
            Execution = ExecutionTargetReader.Read(fields, "execution"),
            MemoryLimitBytes = ExecutionTargetReader.ReadMiB(fields, "memory_limit_mib"),
            CacheFolder = fields.Has("cache_folder") ? Path.GetFullPath(fields.Text("cache_folder", "a folder's path", text => text.Length > 0 && !text.Contains('\0')), folder) : null,
        };
        fields.Close();
        return settings;
    }
}
