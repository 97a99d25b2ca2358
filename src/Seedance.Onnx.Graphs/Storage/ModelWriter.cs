using Google.Protobuf;
using Seedance.Onnx.Graphs.Schema;

namespace Seedance.Onnx.Graphs.Storage;

/// <summary>Makes a file from a model. Tensors that are still in their files go from there to the new file a part at a time.</summary>
internal sealed class ModelWriter
{
    private readonly List<TensorData> _ranges = [];
    private readonly Dictionary<OnnxTensor, (string Location, long Offset)> _external = [];

    private readonly CancellationToken _cancellationToken;

    private ModelWriter(CancellationToken cancellationToken)
    {
        _cancellationToken = cancellationToken;
    }

    /// <summary>Writes a model with all tensors inside.</summary>
    public static void Write(OnnxModel model, Stream stream) => new ModelWriter(CancellationToken.None).WriteModel(model, stream);

    public static void Save(OnnxModel model, string path, OnnxWriteOptions options, CancellationToken cancellationToken)
    {
        string full = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(full) ?? throw new ArgumentException($"Path must be that of a file, but is '{path}'.", nameof(path));
        string externalName = options.ExternalFileName ?? Path.GetFileName(full) + ".data";
        if (Path.GetFileName(externalName) != externalName)
        {
            throw new ArgumentException($"External file name must be a name without folders, but is '{externalName}'.", nameof(options));
        }

        OnnxTensor[] tensors = [.. Tensors(model.Graph).Where(tensor => tensor.ElementType.Bits() > 0)];
        bool external = tensors.Sum(tensor => tensor.ByteCount) > options.InlineLimitBytes;
        OnnxTensor[] outside = external ? [.. tensors.Where(tensor => tensor.ByteCount >= options.ExternalTensorBytes)] : [];
        string data = Path.Combine(folder, externalName);
        foreach (string target in outside.Length > 0 ? [full, data] : new[] { full })
        {
            if (tensors.Any(tensor => string.Equals(tensor.File, target, StringComparison.Ordinal)))
            {
                throw new ModelFileException(target, "the file must not be one that the model reads its tensors from, but it is. Save the model under another name.");
            }
        }

        ModelWriter writer = new(cancellationToken);
        Directory.CreateDirectory(folder);
        if (outside.Length > 0)
        {
            Replace(data, stream => writer.WriteExternal(outside, externalName, stream));
        }

        Replace(full, stream => writer.WriteModel(model, stream));
    }

    /// <summary>The initialisers of a graph and of those inside it. Attributes keep their tensors: runtimes look for external ones among initialisers only.</summary>
    private static IEnumerable<OnnxTensor> Tensors(OnnxGraph graph) =>
        graph.Initializers.Concat(graph.Nodes.SelectMany(node => node.Subgraphs).SelectMany(Tensors));

    private static void Replace(string path, Action<Stream> write)
    {
        string partial = path + ".partial";
        try
        {
            using (FileStream stream = new(partial, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
            }

            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    private void WriteExternal(IEnumerable<OnnxTensor> tensors, string location, Stream stream)
    {
        foreach (OnnxTensor tensor in tensors.Where(tensor => !_external.ContainsKey(tensor)))
        {
            // Runtimes map large tensors into memory, which wants the start of a page.
            long alignment = tensor.ByteCount >= 1 << 20 ? 4096 : 64;
            long padding = (alignment - (stream.Position % alignment)) % alignment;
            stream.Write(new byte[padding]);
            _external[tensor] = (location, stream.Position);
            tensor.Data.CopyTo(stream, _cancellationToken);
        }
    }

    private void WriteModel(OnnxModel model, Stream stream)
    {
        byte[] structure = ToMessage(model).ToByteArray();
        SplicePlan plan = SplicePlan.Build(structure, _ranges);
        if (plan.Length > int.MaxValue)
        {
            throw new ModelFileException(model.Source, $"a model in one file must take at most {int.MaxValue} bytes, but takes {plan.Length}. Save it with external data (InlineLimitBytes).");
        }

        plan.WriteTo(stream, _cancellationToken);
    }

    private ModelProto ToMessage(OnnxModel model)
    {
        ModelProto message = model.Message.Clone();
        message.Graph = ToMessage(model.Graph);
        message.OpsetImport.Add(model.Opsets.ToMessages());
        message.MetadataProps.Add(model.Metadata.Select(entry => new StringStringEntryProto { Key = entry.Key, Value = entry.Value }));
        foreach (OnnxFunction function in model.Functions)
        {
            FunctionProto copy = function.Message.Clone();
            copy.Node.Add(function.Nodes.Select(ToMessage));
            copy.AttributeProto.Add(function.Defaults.Select(ToMessage));
            copy.OpsetImport.Add(function.Opsets.ToMessages());
            message.Functions.Add(copy);
        }

        return message;
    }

    private GraphProto ToMessage(OnnxGraph graph)
    {
        GraphProto message = graph.Message.Clone();
        message.Node.Add(graph.Nodes.Select(ToMessage));
        message.Initializer.Add(graph.Initializers.Select(ToMessage));
        message.Input.Add(graph.Inputs.Select(value => value.Message));
        message.Output.Add(graph.Outputs.Select(value => value.Message));
        message.ValueInfo.Add(graph.Values.Select(value => value.Message));
        return message;
    }

    private NodeProto ToMessage(OnnxNode node)
    {
        NodeProto message = node.Message.Clone();
        message.Attribute.Add(node.Attributes.Select(ToMessage));
        return message;
    }

    private AttributeProto ToMessage(OnnxAttribute attribute)
    {
        AttributeProto message = attribute.Message.Clone();
        switch (attribute.Kind)
        {
            case OnnxAttributeKind.Tensor:
                message.T = attribute.Tensors.IsEmpty ? null : ToMessage(attribute.Tensors[0]);
                break;
            case OnnxAttributeKind.Graph:
                message.G = attribute.Graphs.IsEmpty ? null : ToMessage(attribute.Graphs[0]);
                break;
            default:
                message.Tensors.Add(attribute.Tensors.Select(ToMessage));
                message.Graphs.Add(attribute.Graphs.Select(ToMessage));
                break;
        }

        return message;
    }

    private TensorProto ToMessage(OnnxTensor tensor)
    {
        if (_external.TryGetValue(tensor, out (string Location, long Offset) place))
        {
            TensorProto external = tensor.Message.Clone();
            TypedTensorData.Clear(external);
            external.ClearRawData();
            external.DataLocation = TensorProto.Types.DataLocation.External;
            external.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = place.Location });
            external.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = place.Offset.ToString() });
            external.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = tensor.ByteCount.ToString() });
            return external;
        }

        if (tensor.Message.HasRawData || tensor.Data.Length == 0 || tensor.Data is TypedTensorData)
        {
            return tensor.Message;
        }

        TensorProto message = tensor.Message.Clone();
        message.Range = _ranges.Count;
        _ranges.Add(tensor.Data);
        return message;
    }
}
