using Seedance.Onnx.Execution;
using Seedance.Onnx.Graphs;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Optimization;

/// <summary>Runs models in ONNX Runtime, from their files or from a copy in a folder of its own. Holds the last one open.</summary>
internal sealed class ModelRunner(ExecutionTarget target, string scratch, CancellationToken cancellationToken) : IDisposable
{
    private readonly Lazy<ResolvedTarget> _target = new(target.Resolve);
    private (object Key, ModelSession Session)? _open;

    /// <summary>What errors call the model.</summary>
    public string Name { get; set; } = "model";

    /// <summary>Called before every run.</summary>
    public Action? Running { get; set; }

    /// <summary>Runs a model as it is in memory; it must not have changed since it was run last.</summary>
    public IReadOnlyDictionary<string, OnnxTensor> Run(OnnxModel model, IReadOnlyDictionary<string, OnnxTensor> inputs)
    {
        if (!ReferenceEquals(_open?.Key, model))
        {
            Close();
            string path = Path.Combine(scratch, "model.onnx");
            model.Save(path, cancellationToken: cancellationToken);
            Open(model, path);
        }

        return Run(_open!.Value.Session, inputs);
    }

    /// <summary>Runs a file.</summary>
    public IReadOnlyDictionary<string, OnnxTensor> RunFile(string path, IReadOnlyDictionary<string, OnnxTensor> inputs)
    {
        if (_open?.Key is not string open || open != path)
        {
            Close();
            Open(path, path);
        }

        return Run(_open!.Value.Session, inputs);
    }

    public void Dispose() => Close();

    private void Open(object key, string path)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _open = (key, ModelSession.Open(path, Name, _target.Value));
    }

    private void Close()
    {
        _open?.Session.Dispose();
        _open = null;
    }

    private Dictionary<string, OnnxTensor> Run(ModelSession session, IReadOnlyDictionary<string, OnnxTensor> inputs)
    {
        Running?.Invoke();
        Dictionary<string, GraphTensor> tensors = new(StringComparer.Ordinal);
        try
        {
            foreach ((string name, OnnxTensor input) in inputs)
            {
                tensors.Add(name, ToGraphTensor(name, input));
            }

            using GraphOutputs outputs = session.Run(tensors, cancellationToken);
            return outputs.Tensors.ToDictionary(output => output.Key, output => FromGraphTensor(output.Key, output.Value), StringComparer.Ordinal);
        }
        finally
        {
            foreach (GraphTensor tensor in tensors.Values)
            {
                tensor.Dispose();
            }
        }
    }

    private GraphTensor ToGraphTensor(string name, OnnxTensor tensor)
    {
        if (tensor.ElementType == OnnxElementType.Text && tensor.Dimensions.Length == 1)
        {
            return StringTensor.From(tensor.ToText());
        }

        if (!ElementTypeNames.TryParse(tensor.ElementType.ToName(), out ElementType type) || type == ElementType.Text)
        {
            throw new GraphExecutionException(Name, $"input '{name}' must be of a type that can be given ({string.Join(", ", ElementTypeNames.All)}; a list of strings), but is {tensor}. Do without measuring.");
        }

        HostTensor host = HostTensor.Allocate(type, tensor.Dimensions.AsSpan());
        if (host.ElementCount > 0)
        {
            tensor.ToBytes().CopyTo(host.AsBytes());
        }

        return host;
    }

    private static OnnxTensor FromGraphTensor(string name, GraphTensor tensor)
    {
        long[] shape = [.. tensor.Shape];
        if (tensor is StringTensor text)
        {
            return OnnxTensor.FromText(name, text.ToArray(), shape);
        }

        OnnxElementType type = Enum.GetValues<OnnxElementType>().First(type => type.ToName() == tensor.ElementType.ToName());
        return OnnxTensor.FromBytes(name, type, tensor.ElementCount == 0 ? [] : ((HostTensor)tensor).AsBytes(), shape);
    }
}
