using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Seedance.Onnx.Graphs.Caching;

/// <summary>
/// Keeps models that were composed and optimised, each in a folder that is named after everything it was made from. An entry that is not as it was
/// written is made again. Several processes may use one folder at once.
/// </summary>
public sealed class GraphCache
{
    private const string ModelName = "model.onnx";
    private const string ManifestName = "entry.json";

    // Another for every change of this library's code: the same sources and recipe may then give another model.
    private static readonly string Library = typeof(GraphCache).Module.ModuleVersionId.ToString();

    private readonly string _folder;

    /// <summary>Uses a folder.</summary>
    /// <param name="folder">The folder; made when it is first written to.</param>
    public GraphCache(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        _folder = Path.GetFullPath(folder);
    }

    /// <summary>The key of a model: changes when a source, the recipe, or this library's way of making models does.</summary>
    /// <param name="sources">The files it is made from, by role, with the SHA-256 of each; <see cref="HashFiles"/> reads them.</param>
    /// <param name="recipe">Everything else that decides what is made: passes, target, precision, fixed axes, version of ONNX Runtime.</param>
    /// <returns>64 hexadecimal digits.</returns>
    public static string KeyOf(IReadOnlyDictionary<string, string> sources, params IEnumerable<string> recipe)
    {
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentNullException.ThrowIfNull(recipe);
        // As JSON, so that no two lists read the same.
        string[][] content = [[Library], .. sources.OrderBy(source => source.Key, StringComparer.Ordinal).Select(source => new[] { source.Key, source.Value }), [.. recipe]];
        return Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(content)));
    }

    /// <summary>The SHA-256 of a model: its file, and the files beside it that hold its tensors.</summary>
    /// <param name="path">The model's file.</param>
    /// <returns>64 hexadecimal digits.</returns>
    /// <exception cref="ModelFileException">The model cannot be read.</exception>
    public static string HashFiles(string path)
    {
        OnnxModel model = OnnxModel.Load(path);
        IEnumerable<string> files = Inspection.GraphSummary.Of(model).ExternalFiles.Select(name => Path.Combine(Path.GetDirectoryName(model.Source)!, name)).Prepend(model.Source);
        string[] hashes = [.. files.Select(Hash)];
        return hashes.Length == 1 ? hashes[0] : Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Join('\n', hashes))));
    }

    /// <summary>The file of a model, made first if it is not there as it was written.</summary>
    /// <param name="key">What it is made from, see <see cref="KeyOf"/>.</param>
    /// <param name="make">Makes it.</param>
    /// <param name="cancellationToken">Stops the writing; nothing is left of it then.</param>
    /// <returns>The path of the model's file. It stays as it is for as long as nobody empties the cache.</returns>
    /// <exception cref="ModelFileException">What <paramref name="make"/> throws.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public string GetOrMake(string key, Func<OnnxModel> make, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentNullException.ThrowIfNull(make);
        string entry = Path.Combine(_folder, key);
        bool damaged = Directory.Exists(entry);
        if (damaged && IsWhole(entry))
        {
            return Path.Combine(entry, ModelName);
        }

        string partial = Path.Combine(_folder, $"{key}.{Guid.NewGuid():N}.partial");
        try
        {
            make().Save(Path.Combine(partial, ModelName), cancellationToken: cancellationToken);
            Dictionary<string, string> hashes = Directory.GetFiles(partial).ToDictionary(file => Path.GetFileName(file), Hash, StringComparer.Ordinal);
            File.WriteAllBytes(Path.Combine(partial, ManifestName), JsonSerializer.SerializeToUtf8Bytes(hashes));
            Replace(entry, partial, damaged);
        }
        finally
        {
            if (Directory.Exists(partial))
            {
                Directory.Delete(partial, recursive: true);
            }
        }

        return Path.Combine(entry, ModelName);
    }

    private static void Replace(string entry, string partial, bool damaged)
    {
        // Someone else may have made the same meanwhile: theirs is as good, and may be open already.
        if (damaged && !IsWhole(entry) && Directory.Exists(entry))
        {
            Directory.Delete(entry, recursive: true);
        }

        try
        {
            Directory.Move(partial, entry);
        }
        catch (IOException) when (IsWhole(entry))
        {
            // They were faster by a moment.
        }
    }

    private static bool IsWhole(string entry)
    {
        try
        {
            Dictionary<string, string>? hashes = JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllBytes(Path.Combine(entry, ManifestName)));
            return hashes?.ContainsKey(ModelName) == true && hashes.All(file => Path.GetFileName(file.Key) == file.Key && Hash(Path.Combine(entry, file.Key)) == file.Value);
        }
        catch (Exception error) when (error is IOException or JsonException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string Hash(string file)
    {
        using FileStream stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
