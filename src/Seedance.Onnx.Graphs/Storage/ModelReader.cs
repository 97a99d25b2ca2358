using System.Collections.Immutable;
using Google.Protobuf;
using Seedance.Onnx.Graphs.Schema;

namespace Seedance.Onnx.Graphs.Storage;

/// <summary>Makes a model from a file. Whatever the file has and this code does not know stays in the messages and is written back.</summary>
internal sealed class ModelReader
{
    private readonly string _source;
    private readonly Func<long, long, TensorData> _range;
    private readonly ExternalLocation _external;
    private List<(long Offset, long Length)> _ranges = [];

    private ModelReader(string source, string? folder, Func<long, long, TensorData> range)
    {
        _source = source;
        _range = range;
        _external = new ExternalLocation(source, folder);
    }

    public static OnnxModel Load(string path, OnnxReadOptions options)
    {
        string full = Path.GetFullPath(path);
        try
        {
            var file = new DataFile(full);
            using FileStream stream = new(full, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
            return new ModelReader(full, Path.GetDirectoryName(full), (offset, length) => new FileTensorData(file, offset, length)).Read(stream, options);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(path, $"must be a file that can be read, but is not: {error.Message}", error);
        }
    }

    public static OnnxModel Parse(byte[] bytes, string source, OnnxReadOptions options)
    {
        using MemoryStream stream = new(bytes, writable: false);
        return new ModelReader(source, null, (offset, length) => new MemoryTensorData(bytes.AsMemory((int)offset, (int)length))).Read(stream, options);
    }

    private OnnxModel Read(Stream stream, OnnxReadOptions options)
    {
        StructureReader structure = new(stream, _source, options);
        ReadOnlyMemory<byte> bytes = structure.Read();
        _ranges = structure.Ranges;
        ModelProto message;
        try
        {
            message = ModelProto.Parser.ParseFrom(bytes.Span);
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new ModelFileException(_source, $"must be an ONNX model, but is not: {error.Message} Copy or export it again.", error);
        }

        OnnxModel model = ToModel(message);
        ModelCheck.Run(model);
        return model;
    }

    private OnnxModel ToModel(ModelProto message)
    {
        if (message.Graph is null)
        {
            throw new ModelFileException(_source, "must have a graph, but has none. The file is empty, or no ONNX model.");
        }

        OnnxModel model = new(message, ToGraph(message.Graph), _source);
        message.Graph = null;
        foreach (FunctionProto function in message.Functions)
        {
            model.Functions.Add(ToFunction(function));
        }

        message.Functions.Clear();
        Fill(model.Opsets, message.OpsetImport, "the model");
        message.OpsetImport.Clear();
        foreach (StringStringEntryProto entry in message.MetadataProps)
        {
            if (!model.Metadata.TryAdd(entry.Key, entry.Value))
            {
                throw new ModelFileException(_source, $"metadata must have each key once, but has '{entry.Key}' again. Export the model again.");
            }
        }

        message.MetadataProps.Clear();
        return model;
    }

    private OnnxGraph ToGraph(GraphProto message)
    {
        OnnxGraph graph = new(message);
        graph.ReplaceNodes(message.Node.Select(ToNode));
        foreach (TensorProto tensor in message.Initializer)
        {
            if (tensor.Name.Length == 0 || graph.Initializers.Contains(tensor.Name))
            {
                throw new ModelFileException(_source, $"initialisers must have a name each, but '{tensor.Name}' is there again. Export the model again.");
            }

            graph.Initializers.Set(ToTensor(tensor));
        }

        Move(message.Input, graph.Inputs);
        Move(message.Output, graph.Outputs);
        Move(message.ValueInfo, graph.Values);
        message.Node.Clear();
        message.Initializer.Clear();
        return graph;
    }

    private static void Move(Google.Protobuf.Collections.RepeatedField<ValueInfoProto> messages, IList<OnnxValue> values)
    {
        foreach (ValueInfoProto message in messages)
        {
            values.Add(new OnnxValue(message));
        }

        messages.Clear();
    }

    private OnnxNode ToNode(NodeProto message)
    {
        List<OnnxAttribute> attributes = [.. message.Attribute.Select(ToAttribute)];
        message.Attribute.Clear();
        return new OnnxNode(message, attributes);
    }

    private OnnxAttribute ToAttribute(AttributeProto message)
    {
        ImmutableArray<OnnxTensor> tensors = [.. message.T is null ? [] : new[] { ToTensor(message.T) }, .. message.Tensors.Select(ToTensor)];
        ImmutableArray<OnnxGraph> graphs = [.. message.G is null ? [] : new[] { ToGraph(message.G) }, .. message.Graphs.Select(ToGraph)];
        message.T = null;
        message.G = null;
        message.Tensors.Clear();
        message.Graphs.Clear();
        return new OnnxAttribute(message, tensors, graphs);
    }

    private OnnxFunction ToFunction(FunctionProto message)
    {
        List<OnnxNode> nodes = [.. message.Node.Select(ToNode)];
        List<OnnxAttribute> defaults = [.. message.AttributeProto.Select(ToAttribute)];
        OpsetImports opsets = new();
        Fill(opsets, message.OpsetImport, $"function '{message.Name}'");
        message.Node.Clear();
        message.AttributeProto.Clear();
        message.OpsetImport.Clear();
        return new OnnxFunction(message, nodes, defaults, opsets);
    }

    private void Fill(OpsetImports opsets, IEnumerable<OperatorSetIdProto> messages, string owner)
    {
        foreach (OperatorSetIdProto message in messages)
        {
            if (opsets.Find(message.Domain) is not null)
            {
                throw new ModelFileException(_source, $"{owner} must import each operator domain once, but imports '{message.Domain}' again. Export the model again.");
            }

            opsets.Read(message);
        }
    }

    private OnnxTensor ToTensor(TensorProto message)
    {
        var type = (OnnxElementType)message.DataType;
        long count = 1;
        try
        {
            count = OnnxTensor.Count([.. message.Dims]);
        }
        catch (OverflowException)
        {
            count = -1;
        }

        if (message.Dims.Any(dimension => dimension < 0) || count < 0 || count > long.MaxValue / 16)
        {
            throw Problem(message, $"must have axes that a tensor can have, but has [{string.Join(", ", message.Dims)}]");
        }

        long expected = type.BytesFor(count);
        TensorData data = DataOf(message, type, expected);
        bool whole = type switch
        {
            OnnxElementType.Text => message.StringData.Count == count,
            // Types that are newer than this code are carried along unread.
            _ => type.Bits() == 0 || data.Length == expected,
        };
        return whole
            ? new OnnxTensor(message, data)
            : throw Problem(message, $"must have {count} elements of {type.ToName()} ({expected} bytes), but has {(type == OnnxElementType.Text ? message.StringData.Count : data.Length)}");
    }

    private TensorData DataOf(TensorProto message, OnnxElementType type, long expected)
    {
        if (message.DataLocation == TensorProto.Types.DataLocation.External)
        {
            TensorData data = _external.Find(message, expected);
            message.ExternalData.Clear();
            message.ClearDataLocation();
            return data;
        }

        if (!message.HasRange)
        {
            return message.HasRawData ? new MemoryTensorData(message.RawData.Memory)
                : TypedTensorData.Has(message) ? new TypedTensorData(message, type)
                : new MemoryTensorData(default);
        }

        (long offset, long length) = _ranges[message.Range];
        message.ClearRange();
        return message.HasRawData ? throw Problem(message, "must have its values once, but has them twice") : _range(offset, length);
    }

    private ModelFileException Problem(TensorProto message, string text) => new(_source, $"tensor '{message.Name}' {text}. Export the model again.");
}
