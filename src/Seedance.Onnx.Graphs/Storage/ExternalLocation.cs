using Seedance.Onnx.Graphs.Schema;

namespace Seedance.Onnx.Graphs.Storage;

/// <summary>Finds the files beside a model that hold its tensors. None may lie outside the model's folder, links included.</summary>
internal sealed class ExternalLocation(string model, string? folder)
{
    private readonly Dictionary<string, DataFile> _files = new(StringComparer.Ordinal);

    /// <summary>The bytes that a tensor's external_data points to.</summary>
    /// <param name="message">A tensor with data_location EXTERNAL.</param>
    /// <param name="expected">How many bytes its type and shape make.</param>
    public TensorData Find(TensorProto message, long expected)
    {
        Dictionary<string, string> entries = new(StringComparer.Ordinal);
        foreach (StringStringEntryProto entry in message.ExternalData)
        {
            entries[entry.Key] = entry.Value;
        }

        if (!entries.TryGetValue("location", out string? location) || location.Length == 0)
        {
            throw Problem(message, "must name the file with its values, but names none. Export the model again.");
        }

        DataFile file = Open(message, location);
        long offset = Number(message, entries, "offset", 0);
        if (offset > file.Length)
        {
            throw Problem(message, $"must begin inside '{location}', but that has {file.Length} bytes and the offset is {offset}. Copy the file again.");
        }

        long length = Number(message, entries, "length", Math.Min(expected, file.Length - offset));
        if (length > file.Length - offset)
        {
            throw Problem(message, $"must have its {length} bytes at {offset} in '{location}', but that ends at {file.Length}. Copy the file again.");
        }

        return new FileTensorData(file, offset, length);
    }

    private long Number(TensorProto message, Dictionary<string, string> entries, string key, long missing)
    {
        if (!entries.TryGetValue(key, out string? text))
        {
            return missing;
        }

        return long.TryParse(text, out long value) && value >= 0
            ? value
            : throw Problem(message, $"must have a whole number as {key}, but has '{text}'. Export the model again.");
    }

    private DataFile Open(TensorProto message, string location)
    {
        if (folder is null)
        {
            throw Problem(message, $"must have its values inside the model, because that was not opened from a file, but has them in '{location}'. Open the file itself.");
        }

        if (_files.TryGetValue(location, out DataFile? known))
        {
            return known;
        }

        string path = Resolve(message, location);
        if (!File.Exists(path))
        {
            throw Problem(message, $"must have its values in '{location}' beside the model, but there is no such file. Copy it there.");
        }

        return _files[location] = new DataFile(path);
    }

    private string Resolve(TensorProto message, string location)
    {
        string root = Path.GetFullPath(folder!);
        string path = location.Contains('\0', StringComparison.Ordinal) || Path.IsPathRooted(location) ? "" : Path.GetFullPath(Path.Combine(root, location));
        if (!IsInside(root, path))
        {
            throw Problem(message, $"must have its values inside the model's folder, but points to '{location}'. Move the file there and export the model again.");
        }

        // Every part of the way may be a link; none may lead out.
        string at = root, realRoot = FinalPath(root);
        foreach (string part in Path.GetRelativePath(root, path).Split(Path.DirectorySeparatorChar))
        {
            at = Path.Combine(at, part);
            if (Path.Exists(at) && File.ResolveLinkTarget(at, returnFinalTarget: true) is { } target
                && !IsInside(root, Path.GetFullPath(target.FullName)) && !IsInside(realRoot, Path.GetFullPath(target.FullName)))
            {
                throw Problem(message, $"must have its values inside the model's folder, but '{location}' is a link that leads out of it. Copy the file there.");
            }
        }

        return path;
    }

    private static string FinalPath(string root) => Directory.ResolveLinkTarget(root, returnFinalTarget: true)?.FullName is { } target ? Path.GetFullPath(target) : root;

    private static bool IsInside(string root, string path) =>
        path.StartsWith(Path.EndsInDirectorySeparator(root) ? root : root + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private ModelFileException Problem(TensorProto message, string text) => new(model, $"tensor '{message.Name}' {text}");
}
