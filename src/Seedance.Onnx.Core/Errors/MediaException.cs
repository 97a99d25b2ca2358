namespace Seedance.Onnx;

/// <summary>An image, video or audio file could not be read or written.</summary>
public sealed class MediaException : SeedanceException
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">Which file, what is wrong, and what to do.</param>
    /// <param name="innerException">The error that caused this one; null when there is none.</param>
    public MediaException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
