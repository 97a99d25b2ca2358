namespace Seedance.Onnx;

/// <summary>A host's settings file cannot be used.</summary>
public sealed class HostSettingsException : SeedanceException
{
    /// <summary>Creates the error for everything that is wrong with a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="problems">What is wrong, one sentence or two each, in the order found.</param>
    /// <param name="innerException">The error that caused this one; null when there is none.</param>
    public HostSettingsException(string path, IReadOnlyList<string> problems, Exception? innerException = null)
        : base($"Settings '{path}': {string.Join(' ', problems)}", innerException)
    {
        Path = path;
        Problems = problems;
    }

    /// <summary>The file, as it was asked for.</summary>
    public string Path { get; }

    /// <summary>Everything that is wrong with it, at least one entry.</summary>
    public IReadOnlyList<string> Problems { get; }
}
