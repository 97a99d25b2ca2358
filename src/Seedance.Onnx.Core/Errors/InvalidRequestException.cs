namespace Seedance.Onnx;

/// <summary>A request cannot be carried out with the pack. All of its problems are reported at once, before anything heavy starts.</summary>
public sealed class InvalidRequestException : SeedanceException
{
    /// <summary>Creates the error.</summary>
    /// <param name="problems">What is wrong, one sentence or two each.</param>
    /// <exception cref="ArgumentException"><paramref name="problems"/> is empty.</exception>
    public InvalidRequestException(IReadOnlyList<string> problems)
        : base(Describe(problems))
    {
        Problems = problems;
    }

    /// <summary>Everything that is wrong with the request, at least one entry.</summary>
    public IReadOnlyList<string> Problems { get; }

    private static string Describe(IReadOnlyList<string> problems)
    {
        ArgumentNullException.ThrowIfNull(problems);
        return problems.Count > 0
            ? $"The request is not valid: {string.Join(' ', problems)}"
            : throw new ArgumentException("An invalid request must have at least one problem, but has none.", nameof(problems));
    }
}
