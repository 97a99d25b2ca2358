using System.Runtime.InteropServices;
using Google.Protobuf;
using Seedance.Onnx.Graphs.Schema;

namespace Seedance.Onnx.Graphs.Storage;

/// <summary>
/// A model message as a list of pieces: parts of its structure, and tensor values that are streamed from where they are. Undoes what
/// <see cref="StructureReader"/> does.
/// </summary>
internal sealed class SplicePlan
{
    private readonly byte[] _structure;
    private readonly IReadOnlyList<TensorData> _ranges;
    private readonly ProtobufReader _reader;
    private readonly List<Piece> _pieces = [];

    private SplicePlan(byte[] structure, IReadOnlyList<TensorData> ranges)
    {
        _structure = structure;
        _ranges = ranges;
        _reader = new ProtobufReader(new MemoryStream(structure, writable: false), "structure");
    }

    /// <summary>Bytes of the whole message.</summary>
    public long Length { get; private set; }

    public static SplicePlan Build(byte[] structure, IReadOnlyList<TensorData> ranges)
    {
        SplicePlan plan = new(structure, ranges);
        plan.Length = plan.Collect(MessageKind.Model, structure.Length, plan._pieces);
        return plan;
    }

    public void WriteTo(Stream stream, CancellationToken cancellationToken)
    {
        foreach (Piece piece in _pieces)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (piece.Data is { } data)
            {
                data.CopyTo(stream, cancellationToken);
            }
            else
            {
                stream.Write(piece.Bytes.Span);
            }
        }
    }

    /// <summary>Adds the pieces of a message and returns its length. Parts without values to splice in are taken over as they are.</summary>
    private long Collect(MessageKind kind, long end, List<Piece> pieces)
    {
        long length = 0, run = _reader.Position;
        void Add(Piece piece)
        {
            pieces.Add(piece);
            length += piece.Length;
        }

        void EndRun(long at)
        {
            if (at > run)
            {
                Add(new Piece(_structure.AsMemory((int)run, (int)(at - run)), null));
            }
        }

        while (_reader.Position < end)
        {
            long at = _reader.Position;
            (int field, int wireType) = _reader.ReadTag(end);
            if (kind == MessageKind.Tensor && field == TensorProto.RangeFieldNumber)
            {
                TensorData data = _ranges[(int)_reader.ReadVarint(end)];
                EndRun(at);
                Add(new Piece(Header(TensorProto.RawDataFieldNumber, data.Length), null));
                Add(new Piece(default, data));
                run = _reader.Position;
                continue;
            }

            MessageKind child = wireType == ProtobufReader.Bytes ? kind.Child(field) : MessageKind.Other;
            if (child == MessageKind.Other)
            {
                SkipField(wireType, end);
                continue;
            }

            List<Piece> nested = [];
            long nestedEnd = _reader.ReadLength(end) + _reader.Position;
            long nestedLength = Collect(child, nestedEnd, nested);
            if (nested.Exists(piece => piece.Data is not null))
            {
                EndRun(at);
                Add(new Piece(Header(field, nestedLength), null));
                pieces.AddRange(nested);
                length += nestedLength;
                run = nestedEnd;
            }
        }

        EndRun(end);
        return length;
    }

    private void SkipField(int wireType, long end)
    {
        switch (wireType)
        {
            case ProtobufReader.Varint:
                _reader.ReadVarint(end);
                break;
            case ProtobufReader.Bytes:
                _reader.Skip(_reader.ReadLength(end));
                break;
            default:
                _reader.Skip(wireType == ProtobufReader.Fixed64 ? 8 : 4);
                break;
        }
    }

    private static byte[] Header(int field, long length)
    {
        using MemoryStream stream = new();
        using CodedOutputStream output = new(stream);
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteUInt64((ulong)length);
        output.Flush();
        return stream.ToArray();
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Piece(ReadOnlyMemory<byte> Bytes, TensorData? Data)
    {
        public long Length => Data?.Length ?? Bytes.Length;
    }
}
