namespace Seedance.Onnx;

/// <summary>
/// The root of every error that Seedance.Onnx reports about its inputs and surroundings: a pack, a host's settings, a request, a graph, an
/// execution target or a media file. Misuse of the API raises <see cref="ArgumentException"/> or <see cref="InvalidOperationException"/> instead.
/// </summary>
public abstract class SeedanceException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">What must be, what is, and what to do, on one line.</param>
    /// <param name="innerException">The error that caused this one; null when there is none.</param>
    protected SeedanceException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
