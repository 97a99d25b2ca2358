namespace Seedance.Onnx.Optimization;

/// <summary>A hidden folder beside an output, where it is written and tried; removed in the end, with everything in it if the output was not committed.</summary>
internal sealed class PartialOutput : IDisposable
{
    private readonly string _output;
    private readonly string _folder;

    /// <exception cref="InvalidRequestException">The folder cannot be made there.</exception>
    public PartialOutput(string output)
    {
        _output = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(output));
        string parent = System.IO.Path.GetDirectoryName(_output)!;
        _folder = System.IO.Path.Combine(parent, $".seedance-{Guid.NewGuid():N}.partial");
        try
        {
            Directory.CreateDirectory(Files);
            Directory.CreateDirectory(Scratch);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidRequestException([$"Output '{output}' must be in a folder that can be written, but it cannot: {error.Message} Choose another folder."]);
        }
    }

    /// <summary>Where the output is written for now.</summary>
    public string Path => System.IO.Path.Combine(Files, System.IO.Path.GetFileName(_output));

    /// <summary>A folder for files that are needed on the way.</summary>
    public string Scratch => System.IO.Path.Combine(_folder, "scratch");

    private string Files => System.IO.Path.Combine(_folder, "files");

    /// <summary>Puts what was written in its place: a folder, or a file and what lies beside it.</summary>
    public void Commit()
    {
        if (Directory.Exists(Path))
        {
            CommitFolder();
            return;
        }

        // What the file refers to comes first.
        foreach (string file in Directory.GetFiles(Files).OrderBy(file => file == Path))
        {
            File.Move(file, System.IO.Path.Combine(System.IO.Path.GetDirectoryName(_output)!, System.IO.Path.GetFileName(file)), overwrite: true);
        }
    }

    public void Dispose()
    {
        try
        {
            Directory.Delete(_folder, recursive: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The disk went away or changed its rights meanwhile: whatever error is on its way is the one to tell.
        }
    }

    private void CommitFolder()
    {
        string before = System.IO.Path.Combine(_folder, "before");
        bool replaces = Directory.Exists(_output);
        if (replaces)
        {
            Directory.Move(_output, before);
        }

        try
        {
            Directory.Move(Path, _output);
        }
        catch when (replaces)
        {
            Directory.Move(before, _output);
            throw;
        }
    }
}
