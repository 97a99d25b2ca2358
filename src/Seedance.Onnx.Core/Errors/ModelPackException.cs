namespace Seedance.Onnx;

/// <summary>A model pack cannot be used: a file is missing, altered or malformed, or its parts do not fit together.</summary>
public sealed class ModelPackException : SeedanceException
{
    /// <summary>Creates the error for one problem.</summary>
    /// <param name="pack">The pack's folder.</param>
    /// <param name="problem">What is wrong and what to do: one sentence or two.</param>
    /// <param name="innerException">The error that caused this one; null when there is none.</param>
    public ModelPackException(string pack, string problem, Exception? innerException = null)
        : this(pack, [problem], innerException)
    {
    }

    /// <summary>Creates the error for everything that is wrong with a pack.</summary>
    /// <param name="pack">The pack's folder.</param>
    /// <param name="problems">What is wrong, one sentence or two each, in the order found.</param>
    /// <param name="innerException">The error that caused this one; null when there is none.</param>
    public ModelPackException(string pack, IReadOnlyList<string> problems, Exception? innerException = null)
        : base($"Pack '{pack}': {string.Join(' ', problems)}", innerException)
    {
        Pack = pack;
        Problems = problems;
    }

    /// <summary>The pack's folder, as it was asked for.</summary>
    public string Pack { get; }

    /// <summary>Everything that is wrong with the pack, at least one entry.</summary>
    public IReadOnlyList<string> Problems { get; }
}
