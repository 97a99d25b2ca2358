using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>The tables of the store.</summary>
internal sealed class JobDatabase(DbContextOptions<JobDatabase> options) : DbContext(options)
{
    /// <summary>Goes up with every change of the tables.</summary>
    public const int Version = 1;

    public DbSet<VideoJob> Jobs => Set<VideoJob>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        ValueConverter<VideoOrder, string> json = new(
            order => JsonSerializer.Serialize(order, JsonSerializerOptions.Web),
            text => JsonSerializer.Deserialize<VideoOrder>(text, JsonSerializerOptions.Web)!);
        modelBuilder.Entity<VideoJob>(job =>
        {
            job.HasKey(row => row.Number);
            job.Property(row => row.Number).ValueGeneratedOnAdd();
            job.HasIndex(row => row.Id).IsUnique();
            job.HasIndex(row => new { row.Owner, row.IdempotencyKey }).IsUnique();
            job.HasIndex(row => new { row.Status, row.Priority, row.Number });
            job.Property(row => row.Status).HasConversion<string>();
            job.Property(row => row.Told).HasConversion<string>();
            job.Property(row => row.Order).HasConversion(json);
            job.Ignore(row => row.HasEnded);
        });
    }
}
