using Microsoft.ML.OnnxRuntime;

namespace Seedance.Onnx.Ort;

/// <summary>The process-wide part of ONNX Runtime.</summary>
internal static class RuntimeEnvironment
{
    /// <summary>Every failure reaches the caller as an exception; ONNX Runtime's own lines on stderr would only repeat it.</summary>
    public const OrtLoggingLevel LogLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL;

    private static readonly Lock Gate = new();

    /// <summary>Threads of the pool that all sessions of the process can share; 0 before there is one, and where the host made an environment without.</summary>
    private static int _pooledThreads;

    /// <summary>Whether ONNX Runtime knows the operators' domain of its Extensions.</summary>
    private static bool _knowsExtensions;

    /// <summary>The options of a session on a target, with the operators of ONNX Runtime Extensions.</summary>
    /// <exception cref="ExecutionTargetException">A native library is missing or does not load.</exception>
    public static SessionOptions CreateSessionOptions(ResolvedTarget target)
    {
        Start(target.Threads);
        SessionOptions options = new() { LogSeverityLevel = LogLevel };
        if (SharesThreads(target))
        {
            options.DisablePerSessionThreads();
        }
        else
        {
            options.IntraOpNumThreads = target.Threads;
        }

        if (target.InterOpThreads > 1)
        {
            options.ExecutionMode = ExecutionMode.ORT_PARALLEL;
            options.InterOpNumThreads = target.InterOpThreads;
        }

        try
        {
            options.RegisterOrtExtensions();
            RowOperator.AddTo(options);
            AddExtensions(options);
            return options;
        }
        catch (OnnxRuntimeException error)
        {
            options.Dispose();
            throw new ExecutionTargetException(
                $"The native library of ONNX Runtime Extensions (ortextensions) must load from '{AppContext.BaseDirectory}', but does not. Build again.", error);
        }
    }

    /// <summary>Whether a target's sessions use the pool of the process; otherwise each has threads of its own.</summary>
    public static bool SharesThreads(ResolvedTarget target) => target.InterOpThreads == 1 && target.Threads == Volatile.Read(ref _pooledThreads);

    /// <summary>Starts ONNX Runtime if the process has not yet done so, with a pool of threads; an environment that the host made stays as it is.</summary>
    /// <param name="threads">Threads of the pool, the calling one among them; one a processor if 0.</param>
    /// <exception cref="ExecutionTargetException">A native library is missing or does not load.</exception>
    public static void Start(int threads = 0)
    {
        try
        {
            lock (Gate)
            {
                if (!OrtEnv.IsCreated)
                {
                    int pooled = threads > 0 ? threads : Environment.ProcessorCount;
                    using OrtThreadingOptions pool = new() { GlobalIntraOpNumThreads = pooled, GlobalInterOpNumThreads = 1 };
                    EnvironmentCreationOptions options = new() { logId = "seedance", logLevel = LogLevel, threadOptions = pool };
                    OrtEnv.CreateInstanceWithOptions(ref options);
                    Volatile.Write(ref _pooledThreads, pooled);
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

    /// <summary>
    /// Lets the process have its first session with Extensions alone: ONNX Runtime looks whether their domain is known and adds it without a lock in between, so that of two first sessions at once one would fail
    /// (github.com/microsoft/onnxruntime/issues/27089).
    /// </summary>
    private static void AddExtensions(SessionOptions options)
    {
        lock (Gate)
        {
            if (!_knowsExtensions)
            {
                using InferenceSession first = new(ProviderProbe.Negate, options);
                _knowsExtensions = true;
            }
        }
    }

    // The rest lists every folder that was tried.
    private static string FirstLine(Exception error) => error.Message.Split('\n')[0].TrimEnd();
}
