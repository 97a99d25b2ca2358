namespace Seedance.Onnx;

/// <summary>What graphs were asked to run on cannot be had here: a provider, its library, a device or a precision.</summary>
public sealed class ExecutionTargetException : SeedanceException
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">What was asked for, what is there, and what to do.</param>
    /// <param name="innerException">The error that caused this one; null when there is none.</param>
    public ExecutionTargetException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
