using System.Security.Cryptography;
using System.Text.Json;
using Seedance.Onnx.Execution;

namespace Seedance.Onnx.Ort;

/// <summary>
/// Where TensorRT's engines and timings are kept: a folder for each graph and all that an engine depends on, so that none is ever taken for
/// another. A process has a folder to itself for as long as it is open; a second one that wants the same gets the next, and builds its own.
/// </summary>
/// <remarks>The opener disposes it, after the sessions that use its folders. Not for several threads at once.</remarks>
public sealed class EngineCache : IDisposable
{
    private const int MostFolders = 16;
    private const string LockName = "in-use";

    private readonly string _root;
    private readonly Action<string> _tryWriting;
    private readonly List<FileStream> _locks = [];
    private readonly List<string> _notices = [];

    /// <summary>Uses a folder.</summary>
    /// <param name="folder">The folder; made when it is first needed.</param>
    public EngineCache(string folder)
        : this(folder, TryWriting)
    {
    }

    /// <param name="folder">The folder.</param>
    /// <param name="tryWriting">Throws an <see cref="IOException"/> if nothing can be written to a folder.</param>
    internal EngineCache(string folder, Action<string> tryWriting)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        _root = Path.GetFullPath(folder);
        _tryWriting = tryWriting;
    }

    /// <summary>Where engines are kept if nobody says: seedance in the user's cache folder ($XDG_CACHE_HOME, else .cache at home; on Windows the local application data).</summary>
    public static string DefaultFolder => Path.Combine(
        OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
        : Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "seedance");

    /// <summary>Why engines are not kept, one sentence or two for each graph that this is so for.</summary>
    public IReadOnlyList<string> Notices => _notices;

    /// <summary>Reserves a folder for the engines of a graph.</summary>
    /// <param name="role">The graph's role.</param>
    /// <param name="graphHash">The SHA-256 of its files.</param>
    /// <param name="shapes">The shapes that they are built for.</param>
    /// <param name="target">What they run on.</param>
    /// <returns>Shapes and folder; no folder if the options want none, or none can be written, which <see cref="Notices"/> then says.</returns>
    public EngineSetup Prepare(string role, string graphHash, ShapeProfile shapes, ResolvedTarget target)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (!target.TensorRt.EngineCache && !target.TensorRt.TimingCache)
        {
            return new EngineSetup(shapes, Folder: null);
        }

        string name = $"{role}-{KeyOf(graphHash, shapes, target, Surroundings())[..32]}";
        string? problem = null;
        for (int number = 1; number <= MostFolders; number++)
        {
            string folder = Path.Combine(_root, "tensorrt", number == 1 ? name : $"{name}-{number}");
            if ((problem = TryReserve(folder)) is null)
            {
                return new EngineSetup(shapes, folder);
            }
        }

        _notices.Add($"The engines of graph '{role}' are built anew at every start, because the folder '{_root}' cannot be written: {problem} Name another as cache_folder.");
        return new EngineSetup(shapes, Folder: null);
    }

    /// <summary>Gives the folders back.</summary>
    public void Dispose()
    {
        foreach (FileStream held in _locks)
        {
            held.Dispose();
        }

        _locks.Clear();
    }

    /// <summary>The key of an engine: changes with everything that it depends on.</summary>
    /// <param name="graphHash">The SHA-256 of the graph's files.</param>
    /// <param name="shapes">The shapes.</param>
    /// <param name="target">Options and precision.</param>
    /// <param name="surroundings">The runtime, the driver, the cards.</param>
    /// <returns>64 hexadecimal digits.</returns>
    internal static string KeyOf(string graphHash, ShapeProfile shapes, ResolvedTarget target, IEnumerable<string> surroundings)
    {
        // The shapes once more: those of a graph without free axes are not among the options. As JSON, so that no two lists read the same.
        IEnumerable<string> options = TensorRtMapping.OfEngine(target, shapes).OrderBy(option => option.Key, StringComparer.Ordinal).Select(option => $"{option.Key}={option.Value}");
        string[][] content = [[graphHash], [.. shapes.Inputs.Select(input => $"{input.Key} {string.Join(' ', input.Value)}")], [.. options], [.. surroundings]];
        return Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(content)));
    }

    private static IEnumerable<string> Surroundings()
    {
        const string driver = "/proc/driver/nvidia/version";
        RuntimeInfo runtime = RuntimeInfo.Read();
        return [runtime.Version, .. runtime.Gpus, File.Exists(driver) ? File.ReadAllText(driver) : ""];
    }

    private string? TryReserve(string folder)
    {
        try
        {
            _ = Directory.CreateDirectory(folder);
            FileStream held = new(Path.Combine(folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            try
            {
                _tryWriting(folder);
                _locks.Add(held);
                return null;
            }
            catch
            {
                held.Dispose();
                throw;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return error.Message;
        }
    }

    private static void TryWriting(string folder)
    {
        // Enough that a full disk is noticed; an engine itself takes megabytes.
        string file = Path.Combine(folder, $"{LockName}.probe");
        File.WriteAllBytes(file, new byte[1 << 20]);
        File.Delete(file);
    }
}
