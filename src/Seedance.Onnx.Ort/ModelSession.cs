using Microsoft.ML.OnnxRuntime;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Ort;

/// <summary>Any ONNX file, loaded without a contract: to look at what it computes, not to make videos with.</summary>
/// <remarks>The opener disposes it; outputs of its runs keep the native session alive until they are disposed too.</remarks>
public sealed class ModelSession : IDisposable
{
    private readonly Shared<NativeSession> _native;
    private readonly string _name;
    private readonly string _arenas;
    private readonly int? _recording;
    private bool _disposed;

    private ModelSession(NativeSession native, string name, ResolvedTarget target)
    {
        _native = new Shared<NativeSession>(native);
        _name = name;
        _arenas = target.Arenas;
        _recording = target.RecordsRuns ? CancellableRun.NotRecorded : null;
    }

    /// <summary>Loads a file as a pipeline would: with the operators of ONNX Runtime Extensions, and ONNX Runtime's own rewriting.</summary>
    /// <param name="path">The file; weights in other files must lie in its folder.</param>
    /// <param name="name">What errors call it.</param>
    /// <param name="target">What to run on.</param>
    /// <param name="engine">What TensorRT must know of the graph; nothing if not specified.</param>
    /// <returns>The session; the caller disposes it.</returns>
    /// <exception cref="GraphExecutionException">ONNX Runtime cannot load the file.</exception>
    /// <exception cref="ExecutionTargetException">ONNX Runtime itself cannot be had here.</exception>
    public static ModelSession Open(string path, string name, ResolvedTarget target, EngineSetup? engine = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(target);
        using SessionOptions options = RuntimeEnvironment.CreateSessionOptions(target);
        try
        {
            ProviderSetup.Append(options, target, name, Path.GetDirectoryName(path)!, engine);
            return new ModelSession(new NativeSession(new InferenceSession(path, options), ProviderSetup.DeviceMemory(target)), name, target);
        }
        catch (OnnxRuntimeException error)
        {
            throw new GraphExecutionException(name, $"it must be a graph that ONNX Runtime can load on '{target.Provider.ToName()}', but that says: {error.Message.ReplaceLineEndings(" ")}", error);
        }
    }

    /// <summary>Runs the graph once; the outputs are allocated by the run, in the host's memory.</summary>
    /// <param name="inputs">Every input that the file has no value for, by name; borrowed for the run.</param>
    /// <param name="cancellationToken">Stops the run between two nodes.</param>
    /// <returns>The outputs by name, without those that are no tensors of an <see cref="ElementType"/>; the caller disposes them.</returns>
    /// <exception cref="GraphExecutionException">An input is missing or does not fit, or the graph failed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The session or an input was disposed.</exception>
    public GraphOutputs Run(IReadOnlyDictionary<string, GraphTensor> inputs, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ObjectDisposedException.ThrowIf(_disposed, this);
        string[] names = [.. inputs.Keys];
        OrtValue[] values = [.. inputs.Values.Select(tensor => tensor.Value.Value)];
        using CancellableRun run = new(_recording, _arenas);
        IDisposableReadOnlyCollection<OrtValue> results = run.Run(
            _name,
            static (call, options) => call.Session.Run(options, call.Names, call.Values, call.Session.OutputNames),
            (_native.Value.Session, Names: names, Values: values),
            cancellationToken);
        Dictionary<string, GraphTensor> tensors = new(StringComparer.Ordinal);
        for (int index = 0; index < results.Count; index++)
        {
            if (ToTensor(results[index]) is { } tensor)
            {
                tensors.Add(_native.Value.Session.OutputNames[index], tensor);
            }
        }

        return new GraphOutputs(tensors);
    }

    /// <summary>Frees the session: now, or with the last output of its runs.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _native.Release();
        }
    }

    /// <summary>Takes over the value.</summary>
    private GraphTensor? ToTensor(OrtValue value)
    {
        ElementType? type = value.IsTensor ? RuntimeTypes.FromRuntime(value.GetTensorTypeAndShape().ElementDataType) : null;
        if (type is null)
        {
            value.Dispose();
            return null;
        }

        long[] shape = value.GetTensorTypeAndShape().Shape;
        Shared<NativeSession> session = _native.AddOwner();
        Shared<OrtValue> kept = new(value, session.Release);
        return type == ElementType.Text ? new StringTensor(kept, shape) : new HostTensor(kept, type.Value, shape);
    }
}
