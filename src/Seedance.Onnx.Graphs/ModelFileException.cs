namespace Seedance.Onnx.Graphs;

/// <summary>An ONNX file, or the files with its tensors, cannot be used: malformed, cut short, missing, or beyond what is known here.</summary>
public sealed class ModelFileException : SeedanceException
{
    /// <summary>Creates the error for one problem.</summary>
    /// <param name="model">The file, or the name that the model was given.</param>
    /// <param name="problem">What must be, what is, and what to do: one sentence or two.</param>
    /// <param name="innerException">The error that caused this one; null when there is none.</param>
    public ModelFileException(string model, string problem, Exception? innerException = null)
        : this(model, [problem], innerException)
    {
    }

    /// <summary>Creates the error for everything that is wrong with a model.</summary>
    /// <param name="model">The file, or the name that the model was given.</param>
    /// <param name="problems">What is wrong, one sentence or two each, in the order found.</param>
    /// <param name="innerException">The error that caused this one; null when there is none.</param>
    public ModelFileException(string model, IReadOnlyList<string> problems, Exception? innerException = null)
        : base($"Model '{model}': {string.Join(' ', problems)}", innerException)
    {
        Model = model;
        Problems = problems;
    }

    /// <summary>The file, or the name that the model was given.</summary>
    public string Model { get; }

    /// <summary>Everything that is wrong with the model, at least one entry.</summary>
    public IReadOnlyList<string> Problems { get; }
}
