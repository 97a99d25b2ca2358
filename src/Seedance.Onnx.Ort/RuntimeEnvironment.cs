using Microsoft.ML.OnnxRuntime;

namespace Seedance.Onnx.Ort;

/// <summary>The process-wide part of ONNX Runtime.</summary>
internal static class RuntimeEnvironment
{
    /// <summary>Every failure reaches the caller as an exception; ONNX Runtime's own lines on stderr would only repeat it.</summary>
    public const OrtLoggingLevel LogLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL;

    private static readonly Lock Gate = new();

    /// <summary>The options of a session on a target, with the operators of ONNX Runtime Extensions.</summary>
    /// <exception cref="ExecutionTargetException">A native library is missing or does not load.</exception>
    public static SessionOptions CreateSessionOptions(ResolvedTarget target)
    {
        Start();
        SessionOptions options = new() { IntraOpNumThreads = target.Threads, LogSeverityLevel = LogLevel };
        if (target.InterOpThreads > 1)
        {
            options.ExecutionMode = ExecutionMode.ORT_PARALLEL;
            options.InterOpNumThreads = target.InterOpThreads;
        }

        try
        {
            options.RegisterOrtExtensions();
            return options;
        }
        catch (OnnxRuntimeException error)
        {
            options.Dispose();
            throw new ExecutionTargetException(
                $"The native library of ONNX Runtime Extensions (ortextensions) must load from '{AppContext.BaseDirectory}', but does not. Build again.", error);
        }
    }

    /// <summary>Starts ONNX Runtime if the process has not yet done so; an environment that the host made stays as it is.</summary>
    /// <exception cref="ExecutionTargetException">A native library is missing or does not load.</exception>
    public static void Start()
    {
        try
        {
            lock (Gate)
            {
                if (!OrtEnv.IsCreated)
                {
                    EnvironmentCreationOptions options = new() { logId = "seedance", logLevel = LogLevel };
                    OrtEnv.CreateInstanceWithOptions(ref options);
                }
            }
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException or TypeInitializationException)
        {
            throw new ExecutionTargetException(
                $"The native library of ONNX Runtime must load from '{AppContext.BaseDirectory}', but does not: {FirstLine(error.GetBaseException())} "
                + "Build again, or install what the library needs (on Debian: libstdc++6).", error);
        }
    }

    // The rest lists every folder that was tried.
    private static string FirstLine(Exception error) => error.Message.Split('\n')[0].TrimEnd();
}
