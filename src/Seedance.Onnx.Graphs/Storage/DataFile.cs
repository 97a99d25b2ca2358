using Microsoft.Win32.SafeHandles;

namespace Seedance.Onnx.Graphs.Storage;

/// <summary>A file as it was when a model was opened.</summary>
internal sealed class DataFile
{
    private readonly DateTime _written;

    public DataFile(string path)
    {
        // A link has a length of its own.
        var file = new FileInfo(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path);
        Path = file.FullName;
        Length = file.Length;
        _written = file.LastWriteTimeUtc;
    }

    public string Path { get; }

    /// <summary>Bytes.</summary>
    public long Length { get; }

    /// <summary>Opens it for one read or several.</summary>
    /// <exception cref="ModelFileException">It is gone, changed, or may not be read.</exception>
    public SafeFileHandle Open()
    {
        try
        {
            SafeFileHandle handle = File.OpenHandle(Path, options: FileOptions.SequentialScan);
            if (RandomAccess.GetLength(handle) == Length && File.GetLastWriteTimeUtc(handle) == _written)
            {
                return handle;
            }

            handle.Dispose();
            throw Changed();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(Path, $"the file must stay readable while the model is used, but is not: {error.Message} Open the model again.", error);
        }
    }

    public ModelFileException Changed() => new(Path, "the file must stay as it was while the model is used, but it changed. Open the model again.");
}
